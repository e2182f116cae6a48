// From which midnight to which a billing month goes, on every odd day of the calendar.

#include "budget/billing_month.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace holdfast::budget {
namespace {

using namespace std::chrono_literals;
using std::chrono::year_month_day;

std::uint64_t at(year_month_day date, std::chrono::seconds time = 0s) {
  return static_cast<std::uint64_t>(
      (std::chrono::sys_seconds(std::chrono::sys_days(date)) + time).time_since_epoch().count());
}

void expect_month(std::uint64_t time, unsigned day, year_month_day begins, year_month_day ends) {
  const BillingMonth month = billing_month_of(time, day);
  EXPECT_EQ(month.begins, at(begins)) << "at " << time << ", billing day " << day;
  EXPECT_EQ(month.ends, at(ends)) << "at " << time << ", billing day " << day;
}

TEST(BillingMonth, GoesFromTheDayToTheDay) {
  expect_month(at(2027y / 3 / 10), 15, 2027y / 2 / 15, 2027y / 3 / 15);
  expect_month(at(2027y / 3 / 15), 15, 2027y / 3 / 15, 2027y / 4 / 15);
  expect_month(at(2027y / 3 / 14, 23h + 59min + 59s), 15, 2027y / 2 / 15, 2027y / 3 / 15);
}

TEST(BillingMonth, CrossesTheYear) {
  expect_month(at(2027y / 1 / 3), 20, 2026y / 12 / 20, 2027y / 1 / 20);
  expect_month(at(2026y / 12 / 31, 23h), 1, 2026y / 12 / 1, 2027y / 1 / 1);
}

TEST(BillingMonth, TakesTheLastDayWhereTheCalendarHasNoSuchDay) {
  expect_month(at(2027y / 2 / 10), 31, 2027y / 1 / 31, 2027y / 2 / 28);
  expect_month(at(2027y / 2 / 28), 31, 2027y / 2 / 28, 2027y / 3 / 31);
  expect_month(at(2027y / 2 / 28), 30, 2027y / 2 / 28, 2027y / 3 / 30);
  expect_month(at(2027y / 4 / 30), 31, 2027y / 4 / 30, 2027y / 5 / 31);
  expect_month(at(2027y / 3 / 30), 31, 2027y / 2 / 28, 2027y / 3 / 31);
}

TEST(BillingMonth, KnowsLeapYears) {
  expect_month(at(2028y / 2 / 28), 29, 2028y / 1 / 29, 2028y / 2 / 29);
  expect_month(at(2028y / 2 / 29), 29, 2028y / 2 / 29, 2028y / 3 / 29);
  expect_month(at(2028y / 2 / 28), 31, 2028y / 1 / 31, 2028y / 2 / 29);
  expect_month(at(2027y / 2 / 28), 29, 2027y / 2 / 28, 2027y / 3 / 29);
  expect_month(at(2100y / 2 / 28), 29, 2100y / 2 / 28, 2100y / 3 / 29);
}

TEST(BillingMonth, LeavesNoGapAndNoOverlapInEightYears) {
  for (unsigned day = 1; day <= 31; ++day) {
    BillingMonth month = billing_month_of(at(2026y / 12 / 1), day);
    for (int n = 0; n < 96; ++n) {
      const BillingMonth next = billing_month_of(month.ends, day);
      ASSERT_EQ(next.begins, month.ends) << "billing day " << day;
      ASSERT_EQ(billing_month_of(month.ends - 1, day).begins, month.begins);
      ASSERT_GE(next.ends - next.begins, 28U * 86'400);
      ASSERT_LE(next.ends - next.begins, 31U * 86'400);
      month = next;
    }
  }
}

TEST(BillingMonth, TakesAnyNumberForATime) {
  EXPECT_GT(billing_month_of(0, 1).ends, 0U);
  EXPECT_GT(billing_month_of(0, 31).ends, 0U);
  const BillingMonth last = billing_month_of(~std::uint64_t{0}, 31);
  EXPECT_LT(last.begins, last.ends);
}

}  // namespace
}  // namespace holdfast::budget
