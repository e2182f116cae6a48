// How long may a key vouch for resumed sessions, and does it pay? In virtual time: boots, clocks
// that are set, set back and lost.

#include "resumption/policy.hpp"

#include <gtest/gtest.h>

#include <holdfast/limits.hpp>

namespace holdfast::resumption {
namespace {

constexpr std::uint64_t kHour = 3600;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kNoon = 1'800'000'000;  // some day in 2027
constexpr BootId kFirst{1, 2};
constexpr BootId kSecond{3, 4};

TEST(Passed, IsWhatTheKernelHasCountedWithinOneBoot) {
  EXPECT_EQ(passed({kFirst, 100, 0}, {kFirst, 160, 0}), 60u);
  EXPECT_EQ(passed({kFirst, 160, 0}, {kFirst, 100, 0}), 0u) << "a forged moment";
}

TEST(Passed, IsAtLeastTheUptimeAfterAReboot) {
  EXPECT_EQ(passed({kFirst, 1000, 0}, {kSecond, 70, 0}), 70u);
}

TEST(Passed, IsMeasuredByATrustedClockAcrossAReboot) {
  EXPECT_EQ(passed({kFirst, 1000, kNoon}, {kSecond, 70, kNoon + kDay}), kDay);
}

TEST(Passed, DoesNotShrinkWhenTheClockIsSetBack) {
  EXPECT_EQ(passed({kFirst, 1000, kNoon}, {kSecond, 70, kNoon - kDay}), 70u);
  EXPECT_EQ(passed({kFirst, 1000, kNoon}, {kFirst, 2000, kNoon - kDay}), 1000u);
}

TEST(Passed, IsNothingWhereTheBootIsNotKnown) {
  EXPECT_EQ(passed({{}, 10, 0}, {{}, 500, 0}), 0u);
}

class ChainTest : public testing::Test {
 protected:
  const Resumption options_;
  Moment now_{kFirst, 100, 0};
};

TEST_F(ChainTest, EndsAtItsAgeHoweverManyResumptionsThereWere) {
  now_.wall = kNoon;
  Chain chain = begin_chain(now_);
  for (std::uint64_t hour = 1; hour <= 7 * 24; ++hour) {
    now_.uptime += kHour;
    now_.wall += kHour;
    ASSERT_TRUE(may_resume(chain, now_, options_)) << hour;
    look_at_clock(chain, now_);
    ++chain.resumptions;
  }
  now_.uptime += 1;
  now_.wall += 1;
  EXPECT_FALSE(may_resume(chain, now_, options_));
}

TEST_F(ChainTest, EndsAtItsNumberWithoutAClock) {
  Chain chain = begin_chain(now_);
  for (unsigned i = 0; i < limits::kResumptionsWithoutClock; ++i) {
    ASSERT_TRUE(may_resume(chain, now_, options_));
    look_at_clock(chain, now_);
    ++chain.resumptions;
  }
  EXPECT_FALSE(may_resume(chain, now_, options_));
}

TEST_F(ChainTest, EndsAtItsAgeWithoutAClockAsFarAsTheKernelCounts) {
  Chain chain = begin_chain(now_);
  now_.uptime += 7 * kDay + 1;
  EXPECT_FALSE(may_resume(chain, now_, options_));
}

TEST_F(ChainTest, AddsUpTheTimeThatIsKnownAcrossReboots) {
  Chain chain = begin_chain(now_);
  for (std::uint64_t boot = 10; boot < 17; ++boot) {
    now_ = {{boot, boot}, kDay, 0};
    ASSERT_TRUE(may_resume(chain, now_, options_)) << boot;
    look_at_clock(chain, now_);
  }
  now_ = {{99, 99}, 1, 0};
  EXPECT_FALSE(may_resume(chain, now_, options_));
}

TEST_F(ChainTest, CountsTimePoweredOffOnlyWhereBothClocksWerePlausible) {
  now_.wall = kNoon;
  const Chain chain = begin_chain(now_);
  EXPECT_FALSE(may_resume(chain, {kSecond, 60, kNoon + 8 * kDay}, options_));
  EXPECT_TRUE(may_resume(chain, {kSecond, 60, kNoon + 6 * kDay}, options_));
  EXPECT_TRUE(may_resume(chain, {kSecond, 60, 0}, options_)) << "nobody knows how long it was off";
}

TEST_F(ChainTest, TheNumberCountsOnceNobodyKnowsHowLongItWasOff) {
  now_.wall = kNoon;
  Chain chain = begin_chain(now_);
  chain.resumptions = limits::kResumptionsWithoutClock;
  EXPECT_TRUE(may_resume(chain, {kFirst, 200, kNoon + 100}, options_)) << "a clock measures it";
  EXPECT_FALSE(may_resume(chain, {kSecond, 60, 0}, options_));
}

TEST_F(ChainTest, AClockThatWasSetBackMeasuresNothing) {
  now_.wall = kNoon;
  Chain chain = begin_chain(now_);
  chain.resumptions = limits::kResumptionsWithoutClock;
  now_ = {kSecond, 60, kNoon + 3 * kDay};
  look_at_clock(chain, now_);
  EXPECT_TRUE(may_resume(chain, now_, options_));
  now_ = {kSecond, 120, kNoon + 1 * kDay};
  EXPECT_FALSE(may_resume(chain, now_, options_));
  EXPECT_GE(age(chain, now_), 3 * kDay) << "what was known stays known";
}

TEST_F(ChainTest, AClockThatJumpsForwardsEndsIt) {
  now_.wall = kNoon;
  const Chain chain = begin_chain(now_);
  EXPECT_FALSE(may_resume(chain, {kFirst, 101, kNoon + 20 * 365 * kDay}, options_));
}

TEST_F(ChainTest, LearnsTheTimeOfItsBeginningWhenTheClockIsSet) {
  Chain chain = begin_chain(now_);
  chain.resumptions = limits::kResumptionsWithoutClock;
  now_ = {kFirst, 100 + kHour, kNoon};
  EXPECT_FALSE(may_resume(chain, now_, options_));
  look_at_clock(chain, now_);
  EXPECT_EQ(chain.full.wall, kNoon - kHour);
  EXPECT_TRUE(may_resume(chain, now_, options_));
  EXPECT_FALSE(may_resume(chain, {kSecond, 5, kNoon + 7 * kDay}, options_));
}

TEST_F(ChainTest, AForgedAgeDoesNotWrapAround) {
  Chain chain = begin_chain(now_);
  chain.lived = UINT64_MAX - 5;
  now_.uptime += 100;
  EXPECT_FALSE(may_resume(chain, now_, options_));
}

TEST_F(ChainTest, NeverMeansNever) {
  EXPECT_FALSE(may_resume(begin_chain(now_), now_, {.mode = ResumptionMode::never}));
}

class AliveTest : public testing::Test {
 protected:
  AliveTest() {
    const std::uint8_t byte = 1;
    peer_.ticket.session = Secret(std::span(&byte, 1));
  }
  Peer peer_{.lifetime = 7200, .received = {kFirst, 100, 0}};
};

TEST_F(AliveTest, UntilItsLifetimeEnds) {
  EXPECT_TRUE(is_alive(peer_, {kFirst, 7299, 0}));
  EXPECT_FALSE(is_alive(peer_, {kFirst, 7300, 0}));
}

// RFC 8446 section 4.6.1.
TEST_F(AliveTest, ForSevenDaysAtMost) {
  peer_.lifetime = UINT32_MAX;
  EXPECT_TRUE(is_alive(peer_, {kFirst, 7 * kDay, 0}));
  EXPECT_FALSE(is_alive(peer_, {kFirst, 7 * kDay + 100, 0}));
}

TEST_F(AliveTest, ForAFewOffersThatNobodyAnswers) {
  peer_.offers = limits::kTicketOffers - 1;
  EXPECT_TRUE(is_alive(peer_, {kFirst, 200, 0}));
  ++peer_.offers;
  EXPECT_FALSE(is_alive(peer_, {kFirst, 200, 0}));
}

TEST(Costs, ATicketIsWorthATry) {
  Costs costs;
  EXPECT_TRUE(pays(costs));
  learn(costs, Way::full, 1400);
  EXPECT_TRUE(pays(costs));
}

TEST(Costs, TheCheaperWayIsTaken) {
  Costs costs;
  learn(costs, Way::full, 1400);
  learn(costs, Way::resumed, 950);
  EXPECT_TRUE(pays(costs));
  // A broker with enormous tickets.
  learn(costs, Way::resumed, 9000);
  EXPECT_FALSE(pays(costs));
}

TEST(Costs, OneRefusedTicketDoesNotChangeTheWayManyDo) {
  Costs costs;
  learn(costs, Way::full, 1400);
  learn(costs, Way::resumed, 950);
  learn(costs, Way::refused, 1650);
  EXPECT_TRUE(pays(costs));
  for (int i = 0; i < 8; ++i) learn(costs, Way::refused, 1650);
  EXPECT_FALSE(pays(costs));
}

// The broker was restarted between the first connection of a device and the second.
TEST(Costs, AFirstTicketThatIsRefusedDecidesNothing) {
  Costs costs;
  learn(costs, Way::full, 1400);
  learn(costs, Way::refused, 1650);
  EXPECT_TRUE(pays(costs));
  learn(costs, Way::resumed, 950);
  EXPECT_TRUE(pays(costs));
}

TEST(Costs, ABrokerThatNeverTakesATicketIsOfferedNoMore) {
  Costs costs;
  learn(costs, Way::full, 1400);
  unsigned offers = 0;
  for (unsigned i = 0; i < 3 * limits::kCostLookAgain; ++i) {
    if (!pays(costs)) continue;
    ++offers;
    learn(costs, Way::refused, 1650);
  }
  EXPECT_GE(offers, 5u);
  EXPECT_LE(offers, 6u);
}

TEST(Costs, AChangedBrokerIsNoticed) {
  Costs costs;
  learn(costs, Way::full, 1400);
  learn(costs, Way::resumed, 5000);
  unsigned tries = 0;
  unsigned connections = 0;
  while (tries < 30 && !(costs.with_ticket <= costs.without)) {
    ++connections;
    if (!pays(costs)) {
      learn(costs, Way::full, 1400);
      continue;
    }
    ++tries;
    learn(costs, Way::resumed, 950);
  }
  EXPECT_LE(costs.with_ticket, costs.without);
  EXPECT_NEAR(connections, tries * limits::kCostLookAgain, limits::kCostLookAgain);
}

}  // namespace
}  // namespace holdfast::resumption
