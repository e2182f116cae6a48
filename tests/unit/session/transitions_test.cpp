// The way from idle to connected and back, event by event.

#include <gtest/gtest.h>

#include "harness.hpp"

namespace holdfast::session {
namespace {

TEST(Session, DoesNothingBeforeItIsStarted) {
  Harness run;
  run.run_for(24h);
  EXPECT_EQ(run.session.state(), State::idle);
  EXPECT_TRUE(run.steps.empty());
}

TEST(Session, DialsWhenItIsStarted) {
  Harness run;
  run.start();
  EXPECT_EQ(run.count<Dial>(), 1U);
  EXPECT_EQ(run.session.state(), State::connecting);
}

TEST(Session, DialsOnceHoweverOftenItIsStarted) {
  Harness run;
  run.start();
  run.start();
  EXPECT_EQ(run.count<Dial>(), 1U);
}

TEST(Session, LogsInOnceTheChannelIsVerified) {
  Harness run;
  run.start();
  EXPECT_EQ(run.count<Login>(), 0U);
  run.dialled();
  EXPECT_EQ(run.count<Login>(), 1U);
  EXPECT_EQ(run.session.state(), State::connecting);
  EXPECT_FALSE(run.session.is_up());
}

TEST(Session, IsUpOnlyAfterTheBrokerHasTakenTheLogin) {
  Harness run;
  run.bring_up();
  EXPECT_EQ(run.session.state(), State::connected);
  EXPECT_TRUE(run.session.is_up());
}

TEST(Session, IgnoresALoginThatItHasNotAskedFor) {
  Harness run;
  run.logged_in();
  EXPECT_EQ(run.session.state(), State::idle);
  run.start();
  run.logged_in();
  EXPECT_FALSE(run.session.is_up());
}

TEST(Session, IgnoresAChannelThatItHasNotAskedFor) {
  Harness run;
  run.dialled();
  EXPECT_EQ(run.session.state(), State::idle);
  run.bring_up();
  run.dialled();
  EXPECT_EQ(run.count<Login>(), 1U);
  EXPECT_TRUE(run.session.is_up());
}

TEST(Session, IgnoresAnEndBeforeTheStart) {
  Harness run;
  run.ended();
  EXPECT_EQ(run.session.state(), State::idle);
  EXPECT_TRUE(run.steps.empty());
}

TEST(Session, WaitsAndDialsAgainWhenTheDialFailed) {
  Harness run;  // random 0.5: waits of 0.5 s, 1 s, 2 s …
  run.start();
  run.ended(Errc::connection_refused);
  EXPECT_EQ(run.session.state(), State::waiting);
  EXPECT_EQ(run.last<Wait>().time, 500ms);
  run.run_until(499ms);
  EXPECT_EQ(run.count<Dial>(), 1U);
  run.run_until(500ms);
  EXPECT_EQ(run.count<Dial>(), 2U);
  EXPECT_EQ(run.session.state(), State::connecting);
}

TEST(Session, WaitsAndDialsAgainWhenTheLoginWasRefused) {
  Harness run;
  run.start();
  run.dialled();
  run.ended(Errc::server_busy);
  EXPECT_EQ(run.session.state(), State::waiting);
  run.run_for(run.last<Wait>().time);
  EXPECT_EQ(run.count<Dial>(), 2U);
}

TEST(Session, WaitsAndDialsAgainWhenTheConnectionEnded) {
  Harness run;
  run.bring_up();
  run.run_for(10s);
  run.ended();
  EXPECT_EQ(run.session.state(), State::waiting);
  EXPECT_FALSE(run.session.is_up());
  run.run_for(500ms);
  EXPECT_EQ(run.count<Dial>(), 2U);
}

TEST(Session, IgnoresASecondEndOfTheSameConnection) {
  Harness run;
  run.bring_up();
  run.ended();
  const auto retry = run.last<Wait>().time;
  run.ended();
  run.run_for(retry);
  EXPECT_EQ(run.count<Dial>(), 2U) << "the second end must not put the retry off";
}

TEST(Session, GivesADialThatNeverAnswersUp) {
  Harness run;
  run.start();
  const Timeouts timeouts;
  const auto bound = timeouts.resolve + 16 * (timeouts.connect + timeouts.handshake);
  run.run_until(bound - 1ms);
  EXPECT_EQ(run.count<Abort>(), 0U);
  run.run_until(bound);
  ASSERT_EQ(run.count<Abort>(), 1U);
  EXPECT_EQ(run.last<Abort>().reason.error, Errc::timed_out);
  EXPECT_EQ(run.session.state(), State::waiting);
}

TEST(Session, GivesALoginThatIsNeverAnsweredUp) {
  Harness run;
  run.start();
  run.dialled();
  run.run_until(limits::kConnackTimeout - 1ms);
  EXPECT_EQ(run.count<Abort>(), 0U);
  run.run_until(limits::kConnackTimeout);
  ASSERT_EQ(run.count<Abort>(), 1U);
  EXPECT_EQ(run.last<Abort>().reason.error, Errc::timed_out);
  EXPECT_NE(run.last<Abort>().reason.detail.find("30 s"), std::string::npos);
  EXPECT_EQ(run.session.state(), State::waiting);
}

TEST(Session, BoundsTheLoginByTheOptionAndNotByTheDefault) {
  Config config;
  config.timeouts.connack = 90s;
  Harness run(config);
  run.start();
  run.dialled();
  run.run_until(89s);
  EXPECT_EQ(run.count<Abort>(), 0U);
  run.run_until(90s);
  EXPECT_EQ(run.count<Abort>(), 1U);
}

TEST(Session, TellsWhenItHasToBeCalledAgain) {
  Harness run;
  EXPECT_FALSE(run.session.tick(run.now()));
  run.start();
  run.dialled();
  EXPECT_EQ(run.session.tick(run.now()), run.now() + limits::kConnackTimeout);
  run.logged_in();
  EXPECT_FALSE(run.session.tick(run.now())) << "silence costs nothing, not even a wake-up";
  run.ended();
  EXPECT_EQ(run.session.tick(run.now()), run.now() + 500ms);
}

TEST(Session, HandsEachActionOutOnce) {
  Harness run;
  run.session.start(run.now());
  EXPECT_EQ(run.session.take_actions().size(), 1U);
  EXPECT_TRUE(run.session.take_actions().empty());
}

}  // namespace
}  // namespace holdfast::session
