// How often a device comes back: a fleet that dials in a tight loop costs its owner a fortune.

#include <gtest/gtest.h>

#include <random>

#include "harness.hpp"

namespace holdfast::session {
namespace {

Random seeded(unsigned seed) {
  return [engine = std::mt19937_64(seed)]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

// A broker that ends each connection `life` after the login.
void accept_then_close(Harness& run, Duration life, Duration until) {
  run.start();
  while (run.elapsed() < until) {
    if (run.session.state() == State::connecting) {
      run.dialled();
      run.logged_in();
      run.run_for(life);
      run.ended();
    }
    const auto next = run.session.tick(run.now());
    run.collect();
    run.run_for(next ? std::max<Duration>(*next - run.now(), 1ms) : Duration(1s));
  }
}

TEST(SessionReconnection, StaysSlowWithABrokerThatAcceptsAndCloses) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Harness run(Config{}, seeded(seed));
    accept_then_close(run, 0s, 1h);
    // 9 attempts until the cap of 5 min is reached; then a mean wait of 150 s: 24 in an hour.
    EXPECT_LE(run.count<Dial>(), 9U + 40U) << "seed " << seed;
    EXPECT_GE(run.count<Dial>(), 9U) << "seed " << seed;
  }
}

TEST(SessionReconnection, StaysSlowWithABrokerThatClosesJustBeforeTheConnectionIsStable) {
  Harness run;  // waits are half the bound: 0.5, 1, 2 … 150 s
  accept_then_close(run, limits::kStableTime - 1ms, 1h);
  EXPECT_LE(run.count<Dial>(), 9U + 3600U / (150U + 29U) + 1U);
  EXPECT_GE(run.session.attempts(), 9U);
}

TEST(SessionReconnection, BeginsAnewAfterAStableConnection) {
  Harness run;
  run.start();
  for (int i = 0; i < 8; ++i) {
    run.ended(Errc::unreachable);
    run.run_for(run.last<Wait>().time);
  }
  ASSERT_EQ(run.last<Wait>().time, 64s);
  run.dialled();
  run.logged_in();
  run.run_for(limits::kStableTime);
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 500ms);
}

TEST(SessionReconnection, DoesNotBeginAnewAfterAConnectionThatWasNotStable) {
  Harness run;
  run.start();
  for (int i = 0; i < 8; ++i) {
    run.ended(Errc::unreachable);
    run.run_for(run.last<Wait>().time);
  }
  run.dialled();
  run.logged_in();
  run.run_for(limits::kStableTime - 1ms);
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 128s);
}

TEST(SessionReconnection, TakesTheTimeOfAStableConnectionFromItsLoginAndNotFromTheDial) {
  Harness run;
  run.start();
  run.run_for(60s);
  run.dialled();
  run.run_for(29s);
  run.logged_in();
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 500ms);
  run.run_for(500ms);
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 1s);
}

class SlowBackoff : public testing::TestWithParam<Errc> {};

TEST_P(SlowBackoff, IsUsedWhereOnlyAPersonCanHelp) {
  Harness run(Config{}, [] { return 0.0; });
  run.start();
  run.ended(GetParam());
  EXPECT_EQ(run.last<Wait>().time, 30s);
  EXPECT_EQ(run.session.state(), State::waiting) << "it is tried again all the same";
  run.run_for(30s);
  EXPECT_EQ(run.count<Dial>(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Errors, SlowBackoff,
                         testing::Values(Errc::identity_refused, Errc::bad_credentials,
                                         Errc::not_authorised, Errc::client_id_refused,
                                         Errc::unsupported_version, Errc::banned,
                                         Errc::session_taken_over, Errc::server_moved));

class QuickBackoff : public testing::TestWithParam<Errc> {};

TEST_P(QuickBackoff, IsUsedWhereTheLinkMayBeBackSoon) {
  Harness run;
  run.start();
  run.ended(GetParam());
  EXPECT_EQ(run.last<Wait>().time, 500ms);
}

INSTANTIATE_TEST_SUITE_P(Errors, QuickBackoff,
                         testing::Values(Errc::name_not_resolved, Errc::unreachable,
                                         Errc::connection_refused, Errc::timed_out,
                                         Errc::connection_lost, Errc::server_busy,
                                         Errc::tls_failed));

TEST(SessionReconnection, TwoDevicesOfOneNameDoNotFightInATightLoop) {
  Harness run(Config{}, seeded(7));
  run.start();
  while (run.elapsed() < 1h) {
    run.dialled();
    run.logged_in();
    run.run_for(100ms);
    run.ended(Errc::session_taken_over);
    run.run_for(run.last<Wait>().time);
  }
  EXPECT_LE(run.count<Dial>(), 3600U / 30U + 1U);
}

}  // namespace
}  // namespace holdfast::session
