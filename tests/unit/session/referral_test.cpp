// A broker that sends the device to another one (MQTT 5 section 4.11).

#include "session/referral.hpp"

#include <gtest/gtest.h>

#include "harness.hpp"

namespace holdfast::session {
namespace {

constexpr const char* kOther = "other.example.com:8883";
constexpr const char* kThird = "third.example.com";

class SessionReferral : public testing::Test {
 protected:
  void refused(Errc error, const std::string& reference) {
    run_.session.ended(run_.now(), Failure(error, "said the test"), reference);
    run_.collect();
  }
  void log_in() {
    run_.dialled();
    run_.logged_in();
  }
  std::string dialling() const { return run_.last<Dial>().to; }
  void wait_out() { run_.run_for(run_.last<Wait>().time); }

  Harness run_;
};

TEST_F(SessionReferral, IsFollowedAtOnce) {
  run_.start();
  EXPECT_EQ(dialling(), "");
  run_.dialled();
  refused(Errc::use_another_server, kOther);
  EXPECT_EQ(run_.count<Wait>(), 0U);
  EXPECT_EQ(run_.last<Referred>().to, kOther);
  EXPECT_EQ(dialling(), kOther);
}

TEST_F(SessionReferral, IsFollowedFromAConnectionThatIsUp) {
  run_.bring_up();
  run_.run_for(1h);
  refused(Errc::server_moved, kOther);
  EXPECT_EQ(dialling(), kOther);
}

TEST_F(SessionReferral, ToAnotherServerCountsForOneConnection) {
  run_.start();
  run_.dialled();
  refused(Errc::use_another_server, kOther);
  log_in();
  run_.run_for(1h);
  run_.ended();
  wait_out();
  EXPECT_EQ(dialling(), "") << "the device's own broker is asked again";
}

TEST_F(SessionReferral, ToAnotherServerEndsWithACloseOfOurs) {
  run_.start();
  run_.dialled();
  refused(Errc::use_another_server, kOther);
  log_in();
  run_.session.renew(run_.now());
  run_.ended();
  EXPECT_EQ(dialling(), "");
}

TEST_F(SessionReferral, ToAnotherServerThatIsNotThereEndsWithThatAttempt) {
  run_.start();
  run_.dialled();
  refused(Errc::use_another_server, kOther);
  run_.ended(Errc::unreachable);
  EXPECT_EQ(run_.session.state(), State::waiting);
  wait_out();
  EXPECT_EQ(dialling(), "");
}

TEST_F(SessionReferral, OfAServerThatMovedCountsForADay) {
  run_.start();
  run_.dialled();
  refused(Errc::server_moved, kOther);
  for (int n = 0; n < 10; ++n) {
    log_in();
    run_.run_for(2h);
    run_.ended();
    wait_out();
    EXPECT_EQ(dialling(), kOther) << n;
  }
  log_in();
  run_.run_for(4h);
  run_.ended();
  wait_out();
  EXPECT_EQ(dialling(), "");
}

TEST_F(SessionReferral, OfAServerThatMovedEndsWhenThePlaceFailsThreeTimesInARow) {
  run_.start();
  run_.dialled();
  refused(Errc::server_moved, kOther);
  for (int n = 0; n < 2; ++n) {
    run_.ended(Errc::unreachable);
    wait_out();
    EXPECT_EQ(dialling(), kOther);
  }
  run_.ended(Errc::unreachable);
  wait_out();
  EXPECT_EQ(dialling(), "");
}

TEST_F(SessionReferral, NeverHoldsWhereTheOtherHasNoPinnedKey) {
  run_.start();
  run_.dialled();
  refused(Errc::server_moved, kOther);
  run_.ended(Errc::identity_refused);
  EXPECT_EQ(run_.session.state(), State::waiting);
  wait_out();
  EXPECT_EQ(dialling(), "");
}

TEST_F(SessionReferral, InACircleEndsAfterThreeHops) {
  run_.start();
  for (int n = 0; n < 3; ++n) {
    run_.dialled();
    refused(Errc::use_another_server, n % 2 == 0 ? kOther : kThird);
    EXPECT_EQ(run_.session.state(), State::connecting) << n;
  }
  run_.dialled();
  refused(Errc::use_another_server, kThird);
  EXPECT_EQ(run_.session.state(), State::waiting);
  EXPECT_EQ(run_.count<Dial>(), 4U);
  EXPECT_GE(run_.last<Wait>().time, limits::kBackoffCap / 32) << "as with a busy broker";
  wait_out();
  EXPECT_EQ(dialling(), "");
  run_.dialled();
  refused(Errc::use_another_server, kOther);
  EXPECT_EQ(dialling(), kOther) << "after a wait it may be sent on again";
}

TEST_F(SessionReferral, InACircleStaysUnderABound) {
  run_.start();
  while (run_.elapsed() < 1h) {
    if (run_.session.state() == State::waiting) wait_out();
    run_.dialled();
    refused(Errc::use_another_server, kOther);
  }
  // The cap is reached after a few rounds; each wait (mean 150 s) is followed by four dials.
  EXPECT_LE(run_.count<Dial>(), 4U * (3600U / 150U + 6U));
}

TEST_F(SessionReferral, WithoutANameIsARefusal) {
  run_.start();
  run_.dialled();
  refused(Errc::use_another_server, "");
  EXPECT_EQ(run_.session.state(), State::waiting);
  EXPECT_EQ(run_.count<Referred>(), 0U);
}

TEST_F(SessionReferral, IsNoBusinessOfOtherReasons) {
  run_.start();
  run_.dialled();
  refused(Errc::server_busy, kOther);
  EXPECT_EQ(run_.session.state(), State::waiting);
  wait_out();
  EXPECT_EQ(dialling(), "");
}

}  // namespace
}  // namespace holdfast::session
