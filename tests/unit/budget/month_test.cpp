// Simulated months with a clock: does the budget let go who keeps to it, slow in its order who does
// not, and tell early?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_month.hpp"

namespace holdfast::budget {
namespace {

using std::chrono::year_month_day;

constexpr auto kMonth = std::chrono::seconds(31 * 24h);
constexpr year_month_day kFirst = std::chrono::year(2027) / 1 / 1;

class MonthTest : public ::testing::Test {
 protected:
  // Enough for `share` of what the unslowed demand takes, and a tenth of it kept for urgent ones.
  static Budget budget_for(double share, UsedUp used_up = UsedUp::urgent_only) {
    const auto bytes = static_cast<std::uint64_t>(static_cast<double>(month_of(Demand())) * share);
    return {.bytes_per_month = bytes, .reserve_for_urgent = bytes / 10, .used_up = used_up};
  }
};

TEST_F(MonthTest, ASteadyFleetWithinItsBudgetIsNeverSlowed) {
  SimulatedDevice device(budget_for(1.2), date_of(kFirst));
  device.run(kMonth - 1h);
  EXPECT_TRUE(device.paces.empty());
  EXPECT_EQ(device.count(EventKind::budget_projection), 0U);
  EXPECT_EQ(device.count(EventKind::budget_used), 2U) << "half, and four fifths";
  EXPECT_EQ(device.notices.size(), 2U);
}

TEST_F(MonthTest, WhoWantsMoreIsSlowedByLongerBatchesFirst) {
  const Budget budget = budget_for(1.1);
  SimulatedDevice device(budget, date_of(kFirst));
  device.run(kMonth - 1h);
  ASSERT_GE(device.paces.size(), 2U);
  EXPECT_EQ(device.paces[0].batching_factor, 2U);
  for (const Pace& pace : device.paces) EXPECT_EQ(pace.admission, Admission::everything);
  EXPECT_LE(device.most_used, budget.bytes_per_month - budget.reserve_for_urgent);
  // What was paid for is used, and the app is not told all the time.
  EXPECT_GE(device.used(), (budget.bytes_per_month - budget.reserve_for_urgent) / 100 * 95);
  EXPECT_LE(device.count(EventKind::budget_pace), 40U);
}

TEST_F(MonthTest, EachStepComesInItsOrder) {
  const Budget budget = budget_for(0.25);
  SimulatedDevice device(budget, date_of(kFirst));
  device.run(kMonth - 1h);
  std::vector<Pace> first;
  for (const Pace& pace : device.paces) {
    if (std::find(first.begin(), first.end(), pace) == first.end()) first.push_back(pace);
  }
  const std::vector<Pace> expected{{2, Admission::everything},
                                   {4, Admission::everything},
                                   {8, Admission::everything},
                                   {8, Admission::all_but_low},
                                   {8, Admission::urgent_only}};
  EXPECT_EQ(first, expected);
}

TEST_F(MonthTest, TheReserveIsForUrgentMessagesAlone) {
  const Budget budget = budget_for(0.25);
  SimulatedDevice device(budget, date_of(kFirst));
  const std::uint64_t for_all = budget.bytes_per_month - budget.reserve_for_urgent;
  while (device.meter().pace().admission < Admission::urgent_only) device.run(kTick);
  const std::uint64_t at_the_line = device.used();
  EXPECT_LT(at_the_line, for_all + device.demand.bytes({})) << "one tick beyond at most";
  const std::uint64_t before = device.wire;
  device.run(24h);
  EXPECT_EQ(device.wire - before, 96 * 30U) << "urgent ones go on, and nothing else";
  EXPECT_LT(device.used(), budget.bytes_per_month);
}

TEST_F(MonthTest, UrgentMessagesGoBeyondTheAllowanceUnlessAHardStopWasAskedFor) {
  for (const UsedUp used_up : {UsedUp::urgent_only, UsedUp::stop}) {
    const Budget budget = budget_for(0.1, used_up);
    SimulatedDevice device(budget, date_of(kFirst));
    device.demand.urgent_bytes_per_tick = 3'000;
    device.run(kMonth - 1h);
    EXPECT_EQ(device.count(EventKind::budget_used, "(100 %)"), 1U);
    if (used_up == UsedUp::stop) {
      EXPECT_EQ(device.meter().pace().admission, Admission::nothing);
      EXPECT_LT(device.used(), budget.bytes_per_month + device.demand.bytes({}));
    } else {
      EXPECT_EQ(device.meter().pace().admission, Admission::urgent_only);
      EXPECT_GT(device.used(), budget.bytes_per_month * 2);
    }
    device.run(2h);  // into the next month
    EXPECT_EQ(device.meter().pace(), Pace());
  }
}

TEST_F(MonthTest, AStartWithABurstIsNoReasonToSlow) {
  const Budget budget = budget_for(1.3);
  SimulatedDevice device(budget, date_of(kFirst));
  device.tick(kTick, (budget.bytes_per_month - budget.reserve_for_urgent) / 11);
  device.run(kMonth - 1h);
  EXPECT_TRUE(device.paces.empty());
}

TEST_F(MonthTest, AfterABurstItIsSlowedAndLetGoAgain) {
  const Budget budget = budget_for(1.6);
  SimulatedDevice device(budget, date_of(kFirst));
  device.run(5 * 24h);
  device.tick(kTick, budget.bytes_per_month / 4);
  EXPECT_GE(device.meter().pace().batching_factor, 4U);
  device.run(25 * 24h);
  EXPECT_EQ(device.meter().pace(), Pace());
  EXPECT_LT(device.used(), budget.bytes_per_month - budget.reserve_for_urgent);
}

TEST_F(MonthTest, AStormOfRetransmissionsIsPaidForAndSurvived) {
  const Budget budget = budget_for(1.4);
  SimulatedDevice device(budget, date_of(kFirst));
  device.run(10 * 24h);
  device.demand.retransmitted = 10;
  device.run(24h);
  const Pace in_the_storm = device.meter().pace();
  EXPECT_GE(in_the_storm.batching_factor, 4U);
  device.demand.retransmitted = 1;
  device.run(kMonth - 11 * 24h - 1h);
  EXPECT_LT(device.meter().pace().batching_factor, in_the_storm.batching_factor);
  EXPECT_LE(device.used(), budget.bytes_per_month - budget.reserve_for_urgent);
  EXPECT_EQ(device.count(EventKind::budget_projection), 1U) << "once a month";
}

TEST_F(MonthTest, AProjectionBeyondTheAllowanceIsToldInTheFirstDays) {
  SimulatedDevice device(budget_for(0.6), date_of(kFirst));
  device.run(3 * 24h);
  EXPECT_EQ(device.count(EventKind::budget_projection), 0U) << "too soon to tell";
  device.run(2 * 24h);
  EXPECT_EQ(device.count(EventKind::budget_projection), 1U);
  EXPECT_EQ(device.count(EventKind::budget_used), 0U) << "long before half is used";
  ASSERT_TRUE(device.meter().status().projection);
  EXPECT_GT(*device.meter().status().projection, device.meter().status().allowance);
}

TEST_F(MonthTest, AYearHasTwelveTurnsOnEveryBillingDay) {
  for (const unsigned day : {1U, 29U, 31U}) {
    Budget budget = budget_for(1.5);
    budget.billing_day = day;
    SimulatedDevice device(budget, date_of(std::chrono::year(2028) / 1 / 1, 12h));  // a leap year
    device.run(366 * 24h);
    EXPECT_EQ(device.count(EventKind::budget_renewed), 12U) << "billing day " << day;
    EXPECT_LE(device.most_used, month_of(Demand()) + 10'000) << "billing day " << day;
    EXPECT_TRUE(device.paces.empty()) << "billing day " << day;
  }
}

TEST_F(MonthTest, TheNewMonthBeginsWithNothingUsedAndTellsAnew) {
  SimulatedDevice device(budget_for(0.5), date_of(kFirst));
  device.run(kMonth - kTick);
  const std::uint64_t last = device.used();
  EXPECT_GE(device.count(EventKind::budget_used), 2U);
  EXPECT_NE(device.meter().pace(), Pace());
  device.run(kTick);
  EXPECT_EQ(device.count(EventKind::budget_renewed, std::to_string(last)), 1U);
  EXPECT_LE(device.used(), device.demand.bytes({}));
  EXPECT_EQ(device.meter().pace(), Pace());
  const std::size_t told = device.count(EventKind::budget_used);
  device.run(27 * 24h);
  EXPECT_GE(device.count(EventKind::budget_used), told + 2);
}

TEST_F(MonthTest, ARestartChangesNothing) {
  const Budget budget = budget_for(0.6);
  SimulatedDevice steady(budget, date_of(kFirst));
  SimulatedDevice restarted(budget, date_of(kFirst));
  for (int day = 0; day < 40; ++day) {
    steady.run(24h);
    restarted.run(24h);
    restarted.restart();
  }
  EXPECT_EQ(restarted.used(), steady.used());
  EXPECT_EQ(restarted.notices.size(), steady.notices.size()) << "nothing is told twice";
  EXPECT_EQ(restarted.wire, steady.wire);
}

TEST_F(MonthTest, ACounterThatBeginsAnewIsAddedAndNotTakenAway) {
  Meter meter(budget_for(1.0));
  meter.update(5'000, std::nullopt, kBoot);
  meter.update(1'000, std::nullopt, kBoot + 1s);
  EXPECT_EQ(meter.state().used, 6'000U);
}

TEST_F(MonthTest, IsWrittenDownSeldomAndLosesAHundredthAtMost) {
  const Budget budget = budget_for(0.9);
  SimulatedDevice device(budget, date_of(kFirst));
  device.run(kMonth - 1h);
  EXPECT_LE(device.writes, 100U + 31 * 4 + 10);
  EXPECT_GE(device.writes, 90U);

  Meter meter(budget);
  meter.update(0, date_of(kFirst), kBoot);
  EXPECT_TRUE(meter.wants_keeping()) << "the month that it is";
  meter.kept();
  EXPECT_FALSE(meter.wants_keeping());
  meter.update(budget.bytes_per_month / 200, std::nullopt, kBoot + 1min);
  EXPECT_FALSE(meter.wants_keeping()) << "half a hundredth";
  meter.update(budget.bytes_per_month / 50, std::nullopt, kBoot + 2min);
  EXPECT_TRUE(meter.wants_keeping());
  meter.kept();
  meter.update(budget.bytes_per_month / 50 + 1, std::nullopt, kBoot + 3min);
  EXPECT_FALSE(meter.wants_keeping());
  meter.update(budget.bytes_per_month / 50 + 1, std::nullopt, kBoot + 7h);
  EXPECT_TRUE(meter.wants_keeping()) << "after hours, also a little";
}

TEST_F(MonthTest, IsLookedAtWhenTheMonthEndsAndWhileItSlows) {
  Meter meter(budget_for(1.0));
  EXPECT_FALSE(meter.next_look());
  meter.update(0, std::nullopt, kBoot);
  EXPECT_FALSE(meter.next_look()) << "without a date no time matters";
  meter.update(0, date_of(kFirst, kMonth - 10s), kBoot + 1s);
  EXPECT_EQ(meter.next_look(), kBoot + 11s);
  meter.update(0, std::nullopt, kBoot + 12s);
  EXPECT_EQ(meter.next_look(), kBoot + 12s + 24h) << "a day at most";
  meter.update(month_of(Demand()) / 5, std::nullopt, kBoot + 13s);
  ASSERT_NE(meter.pace(), Pace());
  EXPECT_EQ(meter.next_look(), kBoot + 13s + 15min);
}

}  // namespace
}  // namespace holdfast::budget
