// When the line is held, with what, and when it is given up.

#include "session/holding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.hpp"

namespace holdfast::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Load kReachable{.reachable = true, .waiting = false, .oldest_ack = std::nullopt};

TEST(Weigh, HoldsInSilenceWhereTheNetworkAllowsIt) {
  const auto verdict = weigh({.silence = 4min, .probe = 4min, .away_bytes = 2'126});
  EXPECT_EQ(verdict.holding, Holding::silent);
  EXPECT_EQ(verdict.held_bytes, 0U);
}

TEST(Weigh, ProbesWhereThatIsCheaperThanComingBack) {
  const auto verdict = weigh({.silence = 60min, .probe = 4min, .away_bytes = 2'126});
  EXPECT_EQ(verdict.holding, Holding::probed);
  EXPECT_EQ(verdict.held_bytes, 14U * 104U);  // the one at the end is the message itself
}

TEST(Weigh, GivesUpWhereProbesCostMore) {
  const auto verdict = weigh({.silence = 2h, .probe = 4min, .away_bytes = 2'126});
  EXPECT_EQ(verdict.holding, Holding::given_up);
  EXPECT_EQ(verdict.held_bytes, 29U * 104U);
  EXPECT_EQ(weigh({.silence = 2h, .probe = 4min, .away_bytes = 29 * 104}).holding, Holding::probed)
      << "an even sum is no reason to leave";
}

TEST(Weigh, CountsPingsThatTheBrokerDemandsAndNoProbesBesides) {
  const auto verdict =
      weigh({.silence = 10min, .probe = 4min, .keep_alive = 60s, .away_bytes = 2'126});
  EXPECT_EQ(verdict.held_bytes, 9U * 204U);
  EXPECT_EQ(
      weigh({.silence = 15min, .probe = 4min, .keep_alive = 60s, .away_bytes = 2'126}).holding,
      Holding::given_up);
}

TEST(SetupCost, IsWhatIsKnownOfSetUpsBeforeOneWasMeasured) {
  const SetupCost cost;
  EXPECT_EQ(cost.away_bytes(), limits::kCloseIpBytes + limits::kSetupIpBytes);
  EXPECT_EQ(cost.lead(), limits::kFirstDialLead);
}

TEST(SetupCost, FollowsWhatIsMeasured) {
  SetupCost cost;
  cost.measured(2'100, 4s);
  EXPECT_EQ(cost.away_bytes(), limits::kCloseIpBytes + 2'100U);
  EXPECT_EQ(cost.lead(), 8s);
  for (int n = 0; n < 20; ++n) cost.measured(1'500, 100ms);
  EXPECT_NEAR(static_cast<double>(cost.away_bytes()), limits::kCloseIpBytes + 1'500.0, 5.0);
  EXPECT_EQ(cost.lead(), limits::kMinDialLead);
  cost.measured(0, 10min);
  EXPECT_EQ(cost.lead(), limits::kMaxDialLead);
}

// --- Probes of a device that wants to be reached -------------------------------------------------

Harness reachable(std::chrono::seconds within) {
  Config config;
  config.reachable_within = within;
  Harness run(config);
  run.load(kReachable);
  run.bring_up();
  return run;
}

// The broker answers pings, so far as the line lives.
void answer_pings(Harness& run) {
  run.react = [&run](const Action& action) {
    if (std::holds_alternative<Ping>(action)) run.received();
  };
}

TEST(SessionProbe, HoldsTheLineBetweenPings) {
  Harness run = reachable(60min);
  EXPECT_EQ(run.last<Probe>().after, limits::kFirstProbeInterval);
  answer_pings(run);
  run.run_until(3h);
  // The broker is proved once in each hour all the same.
  EXPECT_EQ(run.count<Ping>(), 3U);
}

TEST(SessionProbe, IsNotNeededWherePingsComeAsOften) {
  Harness run = reachable(4min);
  EXPECT_EQ(run.count<Probe>(), 0U);
}

TEST(SessionProbe, IsNotSentWhereNothingIsOutstandingAndNothingSubscribed) {
  Harness run;
  run.bring_up();
  run.run_until(24h);
  EXPECT_EQ(run.count<Probe>(), 0U);
}

TEST(SessionProbe, IsSparedOnceTheNetworkIsKnownToKeepALineForLonger) {
  Harness run = reachable(15min);
  answer_pings(run);
  run.run_until(24h);
  EXPECT_EQ(run.last<Probe>().after, 0s) << "4, 6, 9, 13.5 and more minutes went well";
  EXPECT_GE(run.session.idle_records().rows().front().record.probe, 14min);
}

TEST(SessionProbe, ComesMoreOftenAfterALineDiedInSilence) {
  Harness run = reachable(60min);
  run.run_until(4min + 30s);
  run.ended(Errc::timed_out);  // the kernel: no answer to its probes
  EXPECT_EQ(run.session.idle_records().rows().front().record.probe, 144s);
  run.run_for(run.last<Wait>().time);
  run.dialled();
  run.logged_in();
  EXPECT_EQ(run.last<Probe>().after, 144s);
}

// A NAT that forgets an idle connection after `patience`, and says nothing: the kernel's probes
// that come later are not answered, and half a minute later the line is dead.
std::size_t live_behind_nat(Harness& run, Duration patience, Duration time) {
  std::size_t deaths = 0;
  answer_pings(run);
  const Duration end = run.elapsed() + time;
  while (run.elapsed() < end) {
    const std::chrono::seconds after = run.last<Probe>().after;
    run.run_for(after);
    if (after < patience || run.last<Probe>().after != after) continue;
    run.run_for(30s);
    run.ended(Errc::timed_out);
    ++deaths;
    run.run_for(run.last<Wait>().time);
    run.dialled();
    run.logged_in();
  }
  return deaths;
}

TEST(SessionProbe, SettlesBelowThePatienceOfASilentNatAndHoldsTheLineFromThenOn) {
  for (const auto patience : {2min, 5min, 12min}) {
    Harness run = reachable(30min);
    // Every ceiling is tried a few times in a month, and each try costs a set-up.
    EXPECT_LE(live_behind_nat(run, patience, 24h * 30), 20U) << patience.count();
    EXPECT_LT(run.last<Probe>().after, patience);
    EXPECT_GE(run.last<Probe>().after, patience / 3) << patience.count();
    EXPECT_EQ(live_behind_nat(run, patience, 5h), 0U) << patience.count();

    Harness next = Harness(Config{});  // the device was started anew
    next.session.restore(run.session.idle_records().rows());
    next.load(kReachable);
    next.bring_up();
    EXPECT_EQ(next.last<Probe>().after, run.last<Probe>().after);
  }
}

TEST(SessionProbe, LearnsNothingFromALineThatDiedInUse) {
  Harness run = reachable(60min);
  for (int n = 0; n < 100; ++n) {
    run.run_for(10s);
    run.sent();
    run.run_for(100ms);
    run.received();
  }
  run.run_for(100ms);
  run.sent();
  run.run_for(20s);
  run.ended(Errc::timed_out);
  EXPECT_EQ(run.session.idle_records().rows().front().record, IdleRecord());
}

TEST(SessionProbe, LearnsEachNetworkForItself) {
  Harness run(Config{});
  run.load(kReachable);
  run.start();
  run.session.dialled(run.now(), 1);
  run.logged_in();
  run.run_for(4min + 30s);
  run.ended(Errc::timed_out);
  run.run_for(run.last<Wait>().time);
  run.session.dialled(run.now(), 2);
  run.logged_in();
  EXPECT_EQ(run.last<Probe>().after, limits::kFirstProbeInterval);
}

TEST(SessionProbe, BeginsWithWhatWasKept) {
  Harness run(Config{});
  run.session.restore({{.network = 0, .record = {.probe = 90s}}});
  run.load(kReachable);
  run.bring_up();
  EXPECT_EQ(run.last<Probe>().after, 90s);
}

TEST(SessionPing, IsSentOftenEnoughForAProxyThatClosesIdleLines) {
  Harness run = reachable(60min);
  for (int n = 0; n < 2; ++n) {
    run.run_for(30s);
    run.ended(Errc::connection_lost);
    run.run_for(run.last<Wait>().time);
    run.dialled();
    run.logged_in();
  }
  answer_pings(run);
  const std::size_t before = run.count<Ping>();
  run.run_for(240s);
  EXPECT_EQ(run.count<Ping>() - before, 10U);  // each 24 s
}

// --- Giving the line up --------------------------------------------------------------------------

class SessionRest : public testing::Test {
 protected:
  void up(Config config = {}) {
    run_ = Harness(config);
    run_.bring_up();
    run_.react = [this](const Action& action) {
      if (std::holds_alternative<Close>(action)) run_.session.ended(run_.now(), {});
    };
  }
  void message_due_in(Duration time) {
    run_.load({.waiting = true, .oldest_ack = std::nullopt, .next_due = run_.now() + time});
  }

  Harness run_;
};

TEST_F(SessionRest, BeginsWhereHoldingCostsMoreAndEndsInTimeForTheMessage) {
  up();
  message_due_in(3h);
  run_.run_for(limits::kRestAfter);
  ASSERT_EQ(run_.count<Rest>(), 1U);
  EXPECT_EQ(run_.session.state(), State::resting);
  EXPECT_GT(run_.last<Rest>().held_bytes, run_.last<Rest>().away_bytes);
  // The set-up took no time here, so the least lead counts.
  run_.run_until(3h - limits::kMinDialLead - 1ms);
  EXPECT_EQ(run_.count<Dial>(), 1U);
  run_.run_until(3h - limits::kMinDialLead);
  EXPECT_EQ(run_.count<Dial>(), 2U);
  run_.dialled();
  run_.logged_in();
  run_.run_until(3h);
  EXPECT_TRUE(run_.session.is_up()) << "the message leaves now";
}

TEST_F(SessionRest, DialsEarlierWhereSetUpsTakeLong) {
  up();
  message_due_in(3h);
  run_.run_for(limits::kRestAfter);
  run_.run_until(3h - 1s);
  run_.run_for(8s);  // slower than anything before
  run_.dialled();
  run_.logged_in();
  run_.load({.waiting = true, .oldest_ack = std::nullopt, .next_due = run_.now() + 3h});
  const Duration due = run_.elapsed() + 3h;
  run_.run_for(1min);
  ASSERT_EQ(run_.session.state(), State::resting);
  run_.run_until(due - 3s);
  EXPECT_EQ(run_.session.state(), State::connecting) << "a quarter of 8 s, twice";
}

TEST_F(SessionRest, DoesNotBeginWhereTheMessageIsDueSoon) {
  up();
  message_due_in(4min);
  run_.run_for(4min - 1ms);
  EXPECT_TRUE(run_.session.is_up());
  EXPECT_EQ(run_.count<Probe>(), 0U);
}

TEST_F(SessionRest, IsDearerThanAFewProbes) {
  up();
  message_due_in(30min);
  EXPECT_EQ(run_.last<Probe>().after, limits::kFirstProbeInterval);
  run_.run_for(27min);
  EXPECT_TRUE(run_.session.is_up());
}

TEST_F(SessionRest, NeverBeginsWhereTheDeviceWantsToBeReached) {
  up();
  run_.load({.reachable = true,
             .waiting = true,
             .oldest_ack = std::nullopt,
             .next_due = run_.now() + 24h});
  run_.run_for(10min);
  EXPECT_EQ(run_.count<Rest>(), 0U);
}

TEST_F(SessionRest, NeverBeginsWhereTheAppWantsTheLineHeld) {
  Config config;
  config.hold = Hold::always;
  up(config);
  message_due_in(24h);
  run_.run_for(10min);
  EXPECT_EQ(run_.count<Rest>(), 0U);
  EXPECT_EQ(run_.last<Probe>().after, limits::kFirstProbeInterval);
}

TEST_F(SessionRest, WaitsForWhatIsUnderWay) {
  up();
  run_.load({.waiting = true, .oldest_ack = run_.now(), .next_due = run_.now() + 24h});
  run_.run_for(10s);
  EXPECT_EQ(run_.count<Rest>(), 0U);
}

TEST_F(SessionRest, EndsAtOnceForAMessageThatIsDue) {
  up();
  message_due_in(3h);
  run_.run_for(1min);
  ASSERT_EQ(run_.session.state(), State::resting);
  message_due_in(0s);
  EXPECT_EQ(run_.session.state(), State::connecting);
}

TEST_F(SessionRest, EndsAtOnceForASubscription) {
  up();
  message_due_in(3h);
  run_.run_for(1min);
  run_.load(kReachable);
  EXPECT_EQ(run_.session.state(), State::connecting);
}

TEST_F(SessionRest, FollowsAMessageThatIsTakenBackOrComes) {
  up();
  message_due_in(3h);
  run_.run_for(1min);
  run_.load({});  // it has expired
  run_.run_for(24h);
  EXPECT_EQ(run_.session.state(), State::resting);
  message_due_in(1h);
  run_.run_for(59min + 59s);
  EXPECT_EQ(run_.session.state(), State::connecting);
}

TEST_F(SessionRest, BacksOffAsEverWhereTheDialFails) {
  up();
  message_due_in(3h);
  run_.run_for(3h);
  ASSERT_EQ(run_.session.state(), State::connecting);
  run_.ended(Errc::unreachable);
  EXPECT_EQ(run_.session.state(), State::waiting);
  EXPECT_EQ(run_.last<Wait>().time, 500ms);
}

TEST_F(SessionRest, BeginsWhenPingsThatTheBrokerDemandsHaveCostAsMuchAsComingBack) {
  run_ = Harness();
  run_.react = [this](const Action& action) {
    if (std::holds_alternative<Ping>(action)) run_.received();
    if (std::holds_alternative<Close>(action)) run_.session.ended(run_.now(), {});
  };
  run_.bring_up({.server_keep_alive = 60s});
  run_.run_for(24h);
  EXPECT_EQ(run_.session.state(), State::resting);
  // 12 · 204 bytes are more than 2,380.
  EXPECT_EQ(run_.count<Ping>(), 12U);
  EXPECT_FALSE(run_.last<Rest>().time);
  run_.load({.waiting = true, .oldest_ack = std::nullopt});
  EXPECT_EQ(run_.session.state(), State::connecting);
}

TEST_F(SessionRest, IsLeftToDeliverWhatWaitsWhenTheDeviceStops) {
  up();
  message_due_in(3h);
  run_.run_for(1min);
  // A stop releases all that waits.
  run_.load({.waiting = true, .oldest_ack = std::nullopt, .next_due = Instant::min()});
  run_.stop(5s);
  EXPECT_EQ(run_.session.state(), State::stopping);
  run_.dialled();
  run_.logged_in();
  EXPECT_TRUE(run_.session.is_up());
  run_.load({});
  EXPECT_EQ(run_.count<Close>(), 2U);
  run_.run_for(0s);
  EXPECT_EQ(run_.session.state(), State::stopped);
  EXPECT_TRUE(run_.last<Finished>().clean);
}

TEST_F(SessionRest, IsNotLeftForLongWhenTheDeviceStops) {
  up();
  message_due_in(3h);
  run_.run_for(1min);
  run_.session.stop(run_.now(), run_.now() + 5s);
  run_.collect();
  run_.run_for(5s);
  EXPECT_EQ(run_.session.state(), State::stopped);
  EXPECT_FALSE(run_.last<Finished>().clean);
}

TEST_F(SessionRest, EndsAtOnceWhereNothingWaitsAtTheStop) {
  up();
  message_due_in(3h);
  run_.run_for(1min);
  run_.load({});
  run_.stop();
  EXPECT_EQ(run_.session.state(), State::stopped);
  EXPECT_TRUE(run_.last<Finished>().clean);
}

TEST_F(SessionRest, OutlastsACloseThatDoesNotEnd) {
  run_ = Harness();
  run_.bring_up();
  message_due_in(3h);
  run_.run_for(1min);
  EXPECT_EQ(run_.count<Abort>(), 1U);
  EXPECT_EQ(run_.session.state(), State::resting);
}

}  // namespace
}  // namespace holdfast::session
