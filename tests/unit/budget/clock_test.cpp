// The budget of a device whose clock is not known, becomes known, or jumps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_month.hpp"

namespace holdfast::budget {
namespace {

constexpr auto kDay = std::chrono::seconds(24h);
constexpr std::chrono::year_month_day kFirst = std::chrono::year(2027) / 1 / 1;

Budget budget_for(double share) {
  const auto bytes = static_cast<std::uint64_t>(static_cast<double>(month_of(Demand())) * share);
  return {.bytes_per_month = bytes, .reserve_for_urgent = bytes / 10};
}

TEST(BudgetClock, WithoutADateTheMonthNeverTurns) {
  SimulatedDevice device(budget_for(1.2));
  device.run(100 * kDay);
  EXPECT_EQ(device.count(EventKind::budget_renewed), 0U);
  EXPECT_EQ(device.count(EventKind::budget_projection), 0U) << "of what, nobody knows";
  EXPECT_GE(device.count(EventKind::budget_used, "set_time"), 2U);
  EXPECT_EQ(device.meter().pace().admission, Admission::urgent_only);
  EXPECT_FALSE(device.meter().status().renews);
}

TEST(BudgetClock, WithoutADateTheTimeThatItRunsIsTheMonth) {
  SimulatedDevice device(budget_for(1.2));
  device.run(30 * kDay);
  EXPECT_TRUE(device.paces.empty()) << "a steady fleet within its budget is not slowed";
  SimulatedDevice hasty(budget_for(0.9));
  hasty.run(15 * kDay);
  EXPECT_FALSE(hasty.paces.empty());
  EXPECT_LT(hasty.used(), month_of(Demand()) / 100 * 65);
}

TEST(BudgetClock, TimeSpentPoweredOffWithoutADateDoesNotCount) {
  SimulatedDevice device(budget_for(0.9));
  device.run(2 * kDay);
  const auto before = device.meter().state();
  device.restart(20 * kDay);
  device.tick(0s, 0);
  device.run(kTick);
  EXPECT_EQ(device.meter().state().elapsed, before.elapsed + kTick);
  EXPECT_GT(device.used(), before.used);
}

TEST(BudgetClock, ADateThatComesLateFindsAllBytesInItsMonth) {
  SimulatedDevice device(budget_for(1.2));
  device.run(2 * kDay);
  const std::uint64_t used = device.used();
  device.set_date(date_of(kFirst, 20 * kDay));
  device.tick(1s, 0);
  EXPECT_EQ(device.used(), used);
  EXPECT_EQ(device.count(EventKind::budget_renewed), 0U);
  EXPECT_EQ(device.meter().state().elapsed, 20 * kDay + 1s);
  EXPECT_EQ(device.meter().status().renews, date_of(kFirst, 31 * kDay));
}

TEST(BudgetClock, BytesOfAnUnknownDayCountInTheNewMonth) {
  SimulatedDevice device(budget_for(1.2), date_of(kFirst, 25 * kDay));
  device.run(kDay);
  const std::uint64_t dated = device.used();
  device.restart();
  device.knows_date = false;
  device.run(10 * kDay);
  const std::uint64_t undated = device.used() - dated;
  EXPECT_GT(undated, 0U);
  EXPECT_EQ(device.count(EventKind::budget_renewed), 0U);
  device.restart();  // what is undated is remembered, too
  device.knows_date = true;
  device.tick(1s, 0);
  EXPECT_EQ(device.count(EventKind::budget_renewed), 1U);
  EXPECT_EQ(device.used(), undated) << "never under";
  // They count once.
  device.run(40 * kDay);
  EXPECT_EQ(device.count(EventKind::budget_renewed), 2U);
}

TEST(BudgetClock, InOneProcessTheSteadyClockGoesOn) {
  SimulatedDevice device(budget_for(1.2), date_of(kFirst));
  device.run(kDay);
  device.knows_date = false;  // the system has lost its time server
  device.run(35 * kDay);
  EXPECT_EQ(device.count(EventKind::budget_renewed), 1U);
}

TEST(BudgetClock, ATimeBeforeTheSdkWasMadeIsNone) {
  SimulatedDevice device(budget_for(1.2), 1'000);
  device.run(kDay);
  EXPECT_EQ(device.meter().state().month_begins, 0U);
}

TEST(BudgetClock, AJumpAheadAndBackLosesNothing) {
  SimulatedDevice device(budget_for(0.9), date_of(kFirst));
  device.run(10 * kDay);
  const std::uint64_t before = device.used();
  for (const auto jump : {40 * kDay, 400 * kDay}) {
    const std::uint64_t right = device.date();
    device.set_date(right + static_cast<std::uint64_t>(jump.count()));
    device.run(2h);
    EXPECT_LT(device.used(), before) << "another month";
    device.set_date(right + 2 * 3'600);
    device.run(kTick);
    EXPECT_GT(device.used(), before) << "both are one month again";
    EXPECT_EQ(device.meter().state().month_begins, date_of(kFirst));
  }
  EXPECT_EQ(device.used(), device.wire);
}

TEST(BudgetClock, ACorrectionAtTheTurnDoesNotTurnBack) {
  SimulatedDevice device(budget_for(1.2), date_of(kFirst, 31 * kDay - 1h));
  device.run(2h);
  ASSERT_EQ(device.count(EventKind::budget_renewed), 1U);
  const std::uint64_t used = device.used();
  device.set_date(date_of(kFirst, 31 * kDay - 10min));
  device.run(3 * kTick);
  EXPECT_EQ(device.count(EventKind::budget_renewed), 1U);
  EXPECT_GT(device.used(), used);
  EXPECT_LT(device.used(), used * 2);
}

TEST(BudgetClock, ABillingDayThatWasChangedKeepsWhatWasCounted) {
  Budget budget = budget_for(1.2);
  Meter before(budget);
  before.update(10'000, date_of(kFirst, 9 * kDay), kBoot);
  budget.billing_day = 20;
  Meter after(budget, before.state());
  after.update(0, date_of(kFirst, 9 * kDay), kBoot);
  EXPECT_EQ(after.state().used, 10'000U);
  EXPECT_EQ(after.status().renews, date_of(kFirst, 19 * kDay));
}

}  // namespace
}  // namespace holdfast::budget
