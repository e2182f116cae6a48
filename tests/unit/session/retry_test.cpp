// Each reason of an end has a policy of its own.

#include "session/retry.hpp"

#include <gtest/gtest.h>

#include "harness.hpp"

namespace holdfast::session {
namespace {

constexpr double kAlmostOne = 0.999999999;

struct Case {
  Errc error;
  Duration least;
  Duration most;
};

// With the default cap of 5 min.
class RetryPolicy : public testing::TestWithParam<Case> {
 protected:
  static Duration first_wait(Errc error, double random) {
    Retry retry(Backoff{}, [random] { return random; });
    return retry.after(error, std::nullopt).time;
  }
};

TEST_P(RetryPolicy, DrawsTheWaitFromItsOwnRange) {
  const auto& [error, least, most] = GetParam();
  EXPECT_EQ(first_wait(error, 0.0), least);
  EXPECT_LE(first_wait(error, kAlmostOne), most);
  EXPECT_GT(first_wait(error, kAlmostOne), most - 10ms);
}

INSTANTIATE_TEST_SUITE_P(
    Errors, RetryPolicy,
    testing::Values(
        Case{Errc::name_not_resolved, 0s, 1s}, Case{Errc::unreachable, 0s, 1s},
        Case{Errc::connection_refused, 0s, 1s}, Case{Errc::timed_out, 0s, 1s},
        Case{Errc::connection_lost, 0s, 1s}, Case{Errc::tls_failed, 0s, 1s},
        // Twice 32 s is the first bound of the powers of two above an eighth of the cap.
        Case{Errc::server_busy, 9'375ms, 64s}, Case{Errc::use_another_server, 9'375ms, 64s},
        Case{Errc::quota_exceeded, 75s, 300s}, Case{Errc::identity_refused, 30s, 300s},
        Case{Errc::bad_credentials, 30s, 300s}, Case{Errc::not_authorised, 30s, 300s},
        Case{Errc::client_id_refused, 30s, 300s}, Case{Errc::unsupported_version, 30s, 300s},
        Case{Errc::server_moved, 30s, 300s}, Case{Errc::proxy_refused, 30s, 300s},
        Case{Errc::banned, 30min, 60min}, Case{Errc::session_taken_over, 10min, 20min}));

TEST(Retry, TriesEverythingAgain) {
  for (const Errc error : {Errc::banned, Errc::bad_credentials, Errc::session_taken_over,
                           Errc::server_moved, Errc::quota_exceeded}) {
    Harness run;
    run.start();
    run.ended(error);
    EXPECT_EQ(run.session.state(), State::waiting);
    run.run_for(run.last<Wait>().time);
    EXPECT_EQ(run.count<Dial>(), 2U) << make_error_code(error).message();
  }
}

TEST(Retry, SpreadsAFleetThatABusyBrokerTurnedAway) {
  // A tenth of the range holds about a tenth of the fleet, also where the range begins.
  int early = 0;
  for (int n = 0; n < 1'000; ++n) {
    const double random = n / 1'000.0;
    Retry retry(Backoff{}, [random] { return random; });
    early += retry.after(Errc::server_busy, std::nullopt).time < 9'375ms + 5'463ms ? 1 : 0;
  }
  EXPECT_NEAR(early, 100, 2);
}

TEST(Retry, SuspectsATwinAfterTheThirdShortConnectionInARow) {
  Retry retry(Backoff{}, [] { return 0.0; });
  EXPECT_FALSE(retry.after(Errc::connection_lost, 1s).suspected);
  EXPECT_FALSE(retry.after(Errc::connection_lost, 1s).suspected);
  const auto third = retry.after(Errc::connection_lost, 1s);
  EXPECT_TRUE(third.suspected);
  EXPECT_EQ(third.manner, Manner::duplicate);
  EXPECT_EQ(third.time, 10min);
}

TEST(Retry, SuspectsNobodyWhereTheLinkWasAtFault) {
  Retry retry(Backoff{}, [] { return 0.5; });
  for (int n = 0; n < 10; ++n) {
    EXPECT_FALSE(retry.after(Errc::timed_out, 1s).suspected);
    EXPECT_FALSE(retry.after(Errc::unreachable, 1s).suspected);
    EXPECT_FALSE(retry.after(Errc::connection_lost, std::nullopt).suspected) << "no login";
  }
}

TEST(Retry, CountsShortConnectionsAnewAfterAStableOne) {
  Retry retry(Backoff{}, [] { return 0.5; });
  retry.after(Errc::connection_lost, 1s);
  retry.after(Errc::connection_lost, 1s);
  EXPECT_FALSE(retry.after(Errc::connection_lost, limits::kStableTime).suspected);
  EXPECT_FALSE(retry.after(Errc::connection_lost, 1s).suspected);
}

TEST(Retry, StaysSuspiciousUntilAConnectionOutlivesWhatARivalWouldWait) {
  Retry retry(Backoff{}, [] { return 0.0; });
  for (int n = 0; n < 3; ++n) retry.after(Errc::connection_lost, 1s);
  EXPECT_TRUE(retry.after(Errc::connection_lost, 20min).suspected) << "a rival waits up to 20 min";
  EXPECT_FALSE(retry.after(Errc::connection_lost, 25min).suspected);
  EXPECT_EQ(retry.after(Errc::connection_lost, 1s).manner, Manner::link);
}

TEST(Retry, NeverSuspectsWhereEveryConnectionCountsAsStable) {
  Retry retry({.base = 1ms, .cap = 1ms, .stable_after = 0ms}, [] { return 0.5; });
  for (int n = 0; n < 10; ++n) EXPECT_FALSE(retry.after(Errc::connection_lost, 0s).suspected);
}

TEST(Retry, LetsANewNetworkHelpOnlyWhereItCan) {
  const auto helps = [](Errc error) {
    return Retry(Backoff{}, [] { return 0.5; }).after(error, std::nullopt).network_may_help;
  };
  EXPECT_TRUE(helps(Errc::unreachable));
  EXPECT_TRUE(helps(Errc::timed_out));
  EXPECT_TRUE(helps(Errc::identity_refused)) << "a captive portal has another key";
  EXPECT_FALSE(helps(Errc::server_busy));
  EXPECT_FALSE(helps(Errc::banned));
  EXPECT_FALSE(helps(Errc::session_taken_over));
  EXPECT_FALSE(helps(Errc::bad_credentials));
}

}  // namespace
}  // namespace holdfast::session
