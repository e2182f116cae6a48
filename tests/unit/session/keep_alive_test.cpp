// Probes: when a ping goes out, when it must not, and how long a dead line may go unnoticed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.hpp"

namespace holdfast::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Load kReachable{.reachable = true, .waiting = false, .oldest_ack = std::nullopt};

Config reachable_within(std::chrono::seconds time) {
  Config config;
  config.reachable_within = time;
  return config;
}

// A device that wants to be reached, connected at the start.
Harness reachable(std::chrono::seconds within, const LoggedIn& info = {}) {
  Harness run(reachable_within(within));
  run.load(kReachable);
  run.bring_up(info);
  return run;
}

// Answers every ping after `delay`.
void run_with_answers(Harness& run, Duration until, Duration delay) {
  std::optional<Duration> answer_at;
  run.react = [&](const Action& action) {
    if (std::holds_alternative<Ping>(action)) answer_at = run.elapsed() + delay;
  };
  while (run.elapsed() < until) {
    run.run_for(1s);
    if (answer_at && run.elapsed() >= *answer_at) {
      run.received();
      answer_at.reset();
    }
  }
  run.react = nullptr;
}

TEST(SessionLogin, AsksForNoKeepAliveWhereNobodyWaitsForTheDevice) {
  Harness run;
  run.start();
  run.dialled();
  EXPECT_EQ(run.last<Login>().keep_alive, 0s);
}

TEST(SessionLogin, AsksForTheKeepAliveThatWasPromised) {
  Harness run = reachable(15min);
  EXPECT_EQ(run.last<Login>().keep_alive, 15min);
}

TEST(SessionLogin, AsksForNoMoreThanTheFieldHolds) {
  Harness run = reachable(18h + 20min);  // more than check_options lets through
  EXPECT_EQ(run.last<Login>().keep_alive, 65'535s);
}

TEST(SessionPing, IsNeverSentWhereNothingIsOutstandingAndNothingSubscribed) {
  Harness run;
  run.bring_up();
  const std::size_t ticks = run.run_until(7 * 24h);
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
  EXPECT_EQ(run.count<Abort>(), 0U);
  EXPECT_TRUE(run.session.is_up());
  EXPECT_LE(ticks, 2U) << "an idle week must not wake the processor";
}

TEST(SessionPing, IsSentSoEarlyThatTheAnswerIsKnownInTime) {
  Harness run = reachable(15min);
  run.run_until(15min - 20s - 1ms);
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
  run.run_until(15min - 20s);
  EXPECT_THAT(run.times_of<Ping>(), ElementsAre(15min - 20s));
}

TEST(SessionPing, FindsADeadLineWithinThePromisedTime) {
  for (const auto within : {10s, 30s, 60s, 900s, 64'800s}) {
    Harness run = reachable(within);
    run.run_until(within);
    ASSERT_EQ(run.count<Abort>(), 1U) << within.count();
    EXPECT_EQ(run.last<Abort>().reason.error, Errc::timed_out);
    EXPECT_LE(run.times_of<Abort>().front(), within);
    EXPECT_EQ(run.count<Ping>(), 1U);
  }
}

TEST(SessionPing, FindsALineThatDiesLaterWithinThePromisedTime) {
  Harness run = reachable(5min);
  run_with_answers(run, 1h, 1s);
  ASSERT_TRUE(run.session.is_up());
  run.received();
  const Duration last_heard = run.elapsed();
  run.run_until(last_heard + 5min);
  ASSERT_EQ(run.count<Abort>(), 1U);
  EXPECT_LE(run.times_of<Abort>().front() - last_heard, 5min);
}

TEST(SessionPing, KeepsALineThatAnswers) {
  Harness run = reachable(5min);
  run_with_answers(run, 24h, 3s);
  EXPECT_EQ(run.count<Abort>(), 0U);
  EXPECT_TRUE(run.session.is_up());
  // One ping each time that nothing was heard for reachable_within minus the time for the answer.
  EXPECT_NEAR(static_cast<double>(run.count<Ping>()), 24.0 * 3600 / 284, 10);
}

TEST(SessionPing, IsSparedByWhateverTheBrokerSends) {
  Harness run = reachable(15min, {.session_present = false, .server_keep_alive = 0s});
  for (int i = 0; i < 100; ++i) {
    run.run_for(10min);
    run.received();
  }
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
  EXPECT_TRUE(run.session.is_up());
}

TEST(SessionPing, IsSentForTheBrokersKeepAliveOnlyWhenWeAreSilent) {
  Harness run = reachable(15min);
  for (int i = 0; i < 600; ++i) {
    run.run_for(1min);
    run.sent();
    run.received();
  }
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
}

TEST(SessionPing, ObeysTheKeepAliveOfTheBrokerInPlaceOfOurs) {
  Harness run = reachable(15min, {.session_present = false, .server_keep_alive = 60s});
  run.run_until(54s);
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
  run.run_until(60s);
  EXPECT_THAT(run.times_of<Ping>(), ElementsAre(55s));  // 5 s before the broker would hang up
}

TEST(SessionPing, ObeysTheKeepAliveOfTheBrokerWhereWeAskedForNone) {
  Harness run;
  run.bring_up({.session_present = false, .server_keep_alive = 10s});
  run_with_answers(run, 60s, 0s);
  // 2 s of margin for a keep-alive of 10 s.
  EXPECT_THAT(run.times_of<Ping>().front(), 8s);
  EXPECT_GE(run.count<Ping>(), 6U);
  EXPECT_EQ(run.count<Abort>(), 0U);
}

TEST(SessionPing, IsNotAskedForByAKeepAliveOfZero) {
  Harness run;
  run.bring_up({.session_present = false, .server_keep_alive = 0s});
  run.run_until(7 * 24h);
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
}

TEST(SessionPing, ForgetsTheKeepAliveOfAnEarlierBroker) {
  Harness run;
  run.bring_up({.session_present = false, .server_keep_alive = 10s});
  run.ended();
  run.run_for(500ms);
  run.dialled();
  run.logged_in();
  const Duration up = run.elapsed();
  run.run_until(up + 24h);
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
}

TEST(SessionPing, AsksAfterAMessageThatStaysUnacknowledged) {
  Harness run;
  run.bring_up();
  run.run_until(10s);
  run.sent();
  run.load({.reachable = false, .waiting = true, .oldest_ack = run.now()});
  run.run_until(30s - 1ms);
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
  run.run_until(30s);
  EXPECT_THAT(run.times_of<Ping>(), ElementsAre(30s));
  run.run_until(50s);
  ASSERT_EQ(run.count<Abort>(), 1U) << "neither the message nor the ping was answered";
  EXPECT_EQ(run.last<Abort>().reason.error, Errc::timed_out);
}

TEST(SessionPing, IsSparedWhenTheAcknowledgementComes) {
  Harness run;
  run.bring_up();
  run.load({.reachable = false, .waiting = true, .oldest_ack = run.now()});
  run.run_until(19s);
  run.received();
  run.load({});
  run.run_until(24h);
  EXPECT_THAT(run.times_of<Ping>(), IsEmpty());
  EXPECT_EQ(run.count<Abort>(), 0U);
}

TEST(SessionPing, IsOutstandingOnlyOnceAtATime) {
  Harness run = reachable(5min, {.session_present = false, .server_keep_alive = 6s});
  run.run_until(20s);
  EXPECT_EQ(run.count<Ping>(), 1U);
}

TEST(SessionPing, IsAnsweredByAnythingThatComes) {
  Harness run = reachable(5min);
  run.run_until(280s);
  ASSERT_EQ(run.count<Ping>(), 1U);
  run.run_until(299s);
  run.received();
  run.run_until(560s);
  EXPECT_EQ(run.count<Abort>(), 0U);
}

TEST(SessionPing, IsNoBusinessOfAnEarlierConnection) {
  Harness run = reachable(5min);
  run.run_until(280s);
  ASSERT_EQ(run.count<Ping>(), 1U);
  run.ended();
  run.run_for(500ms);
  run.dialled();
  run.logged_in();
  const Duration up = run.elapsed();
  run.run_until(up + 279s);
  EXPECT_EQ(run.count<Ping>(), 1U);
  EXPECT_EQ(run.count<Abort>(), 0U) << "the old ping's deadline must be gone";
}

TEST(SessionAcknowledgement, IsWaitedForOnALineThatIsAlive) {
  Harness run;
  run.bring_up();
  run.load({.reachable = false, .waiting = true, .oldest_ack = run.now()});
  run_with_answers(run, limits::kAckTimeout - 1s, 0s);
  EXPECT_EQ(run.count<Abort>(), 0U);
  run.run_until(limits::kAckTimeout);
  ASSERT_EQ(run.count<Abort>(), 1U);
  EXPECT_EQ(run.last<Abort>().reason.error, Errc::timed_out);
  EXPECT_NE(run.last<Abort>().reason.detail.find("120 s"), std::string::npos);
  EXPECT_EQ(run.session.state(), State::waiting);
}

TEST(SessionReachability, BeginsWhenTheFirstSubscriptionIsMade) {
  Harness run(reachable_within(5min));
  run.bring_up();
  run.run_until(24h);
  ASSERT_THAT(run.times_of<Ping>(), IsEmpty());
  run.received();
  run.load(kReachable);
  run.run_for(5min);
  EXPECT_EQ(run.count<Ping>(), 1U);
}

}  // namespace
}  // namespace holdfast::session
