// The end, in every phase: in order where it can be, bounded where it cannot, told exactly once.

#include <gtest/gtest.h>

#include "harness.hpp"

namespace holdfast::session {
namespace {

constexpr Load kWaiting{.reachable = false, .waiting = true, .oldest_ack = std::nullopt};

// Whatever comes after the end must change nothing.
void expect_over(Harness& run, bool clean) {
  ASSERT_EQ(run.count<Finished>(), 1U);
  EXPECT_EQ(run.last<Finished>().clean, clean);
  EXPECT_EQ(run.session.state(), State::stopped);
  const std::size_t steps = run.steps.size();
  run.start();
  run.dialled();
  run.logged_in();
  run.received();
  run.sent();
  run.load({.reachable = true, .waiting = true, .oldest_ack = run.now()});
  run.ended();
  run.stop();
  run.run_for(24h);
  EXPECT_EQ(run.steps.size(), steps) << "a late event was answered";
  EXPECT_EQ(run.session.state(), State::stopped);
  EXPECT_FALSE(run.session.tick(run.now()));
}

TEST(SessionStop, EndsAtOnceWhereNothingWasStarted) {
  Harness run;
  run.stop();
  EXPECT_EQ(run.count<Abort>(), 0U);
  expect_over(run, true);
}

TEST(SessionStop, AbortsADial) {
  Harness run;
  run.start();
  run.stop();
  ASSERT_EQ(run.count<Abort>(), 1U);
  EXPECT_EQ(run.last<Abort>().reason.error, Errc::closed);
  expect_over(run, true);
}

TEST(SessionStop, AbortsALogin) {
  Harness run;
  run.start();
  run.dialled();
  run.stop();
  EXPECT_EQ(run.count<Abort>(), 1U);
  expect_over(run, true);
}

TEST(SessionStop, EndsAWaitForTheNextAttempt) {
  Harness run;
  run.start();
  run.ended(Errc::unreachable);
  run.stop();
  EXPECT_EQ(run.count<Abort>(), 0U);
  EXPECT_EQ(run.count<Dial>(), 1U);
  expect_over(run, true);
}

TEST(SessionStop, ClosesAtOnceWhereNothingWaits) {
  Harness run;
  run.bring_up();
  run.stop();
  EXPECT_EQ(run.count<Close>(), 1U);
  EXPECT_EQ(run.session.state(), State::stopping);
  EXPECT_EQ(run.count<Finished>(), 0U) << "the end of the connection is waited for";
  run.ended();
  expect_over(run, true);
}

TEST(SessionStop, WaitsForMessagesThatAreUnderWay) {
  Harness run;
  run.bring_up();
  run.load(kWaiting);
  run.stop(5s);
  run.run_for(2s);
  EXPECT_EQ(run.count<Close>(), 0U);
  EXPECT_TRUE(run.session.is_up()) << "what waits must still be sent";
  run.load({});
  EXPECT_EQ(run.times_of<Close>(), std::vector<Duration>{2s});
  run.ended();
  expect_over(run, true);
}

TEST(SessionStop, WaitsForAnAcknowledgement) {
  Harness run;
  run.bring_up();
  run.load({.reachable = false, .waiting = false, .oldest_ack = run.now()});
  run.stop(5s);
  run.run_for(1s);
  EXPECT_EQ(run.count<Close>(), 0U);
  run.load({});
  EXPECT_EQ(run.count<Close>(), 1U);
}

TEST(SessionStop, ClosesAtTheDeadlineWhateverWaits) {
  Harness run;
  run.bring_up();
  run.load(kWaiting);
  run.stop(5s);
  run.run_until(5s - 1ms);
  EXPECT_EQ(run.count<Close>(), 0U);
  run.run_until(5s);
  EXPECT_EQ(run.times_of<Close>(), std::vector<Duration>{5s});
  run.ended();
  expect_over(run, true);
}

TEST(SessionStop, ClosesAtOnceWhereTheDeadlineHasPassed) {
  Harness run;
  run.bring_up();
  run.load(kWaiting);
  run.stop(0s);
  EXPECT_EQ(run.count<Close>(), 1U);
}

TEST(SessionStop, IsNotCleanWhereTheConnectionEndsBeforeTheGoodbye) {
  Harness run;
  run.bring_up();
  run.load(kWaiting);
  run.stop(5s);
  run.ended(Errc::connection_lost);
  EXPECT_EQ(run.count<Close>(), 0U);
  expect_over(run, false);
}

TEST(SessionStop, GivesAGoodbyeThatDoesNotEndUp) {
  Harness run;
  run.bring_up();
  run.stop();
  run.run_until(2 * limits::kCloseTimeout - 1ms);
  EXPECT_EQ(run.count<Abort>(), 0U);
  run.run_until(2 * limits::kCloseTimeout);
  ASSERT_EQ(run.count<Abort>(), 1U);
  EXPECT_EQ(run.last<Abort>().reason.error, Errc::timed_out);
  expect_over(run, false);
}

TEST(SessionStop, KeepsTheFirstDeadline) {
  Harness run;
  run.bring_up();
  run.load(kWaiting);
  run.stop(5s);
  run.stop(60s);
  run.run_until(5s);
  EXPECT_EQ(run.count<Close>(), 1U);
}

TEST(SessionStop, StillFindsADeadLineWhileItDrains) {
  Harness run;
  run.bring_up();
  run.load({.reachable = false, .waiting = true, .oldest_ack = run.now()});
  run.stop(10min);
  run.run_until(40s);
  EXPECT_EQ(run.count<Ping>(), 1U);
  EXPECT_EQ(run.count<Abort>(), 1U);
  expect_over(run, false);
}

TEST(SessionStop, DoesNotDialAgainAfterIt) {
  Harness run;
  run.start();
  run.ended(Errc::unreachable);
  run.stop();
  run.run_for(24h);
  EXPECT_EQ(run.count<Dial>(), 1U);
}

}  // namespace
}  // namespace holdfast::session
