// The steps of slowing down, and how far a delay budget is stretched.

#include "budget/pace.hpp"

#include <gtest/gtest.h>
#include <holdfast/limits.hpp>

namespace holdfast::budget {
namespace {

using namespace std::chrono_literals;

const Budget kBudget{.bytes_per_month = 1'000'000, .reserve_for_urgent = 0};

TEST(Pace, GetsSlowerWithEachStep) {
  EXPECT_EQ(pace_of(0), Pace());
  for (unsigned step = 1; step <= kLastStep; ++step) {
    EXPECT_GE(pace_of(step).batching_factor, pace_of(step - 1).batching_factor);
    EXPECT_GE(pace_of(step).admission, pace_of(step - 1).admission);
    EXPECT_NE(pace_of(step), pace_of(step - 1));
  }
  EXPECT_EQ(pace_of(kLastStep).batching_factor, limits::kMaxBatchingFactor);
  EXPECT_EQ(pace_of(kLastStep).admission, Admission::nothing);
}

TEST(Pace, AStepIsLeftLaterThanItIsEntered) {
  // The line is at 0.54 in the middle of a month.
  EXPECT_EQ(next_step(0, kBudget, 539'000, 0.5), 0U);
  EXPECT_EQ(next_step(0, kBudget, 541'000, 0.5), 1U);
  EXPECT_EQ(next_step(1, kBudget, 539'000, 0.5), 1U);
  EXPECT_EQ(next_step(1, kBudget, 500'000, 0.5), 0U);
}

TEST(Pace, OneLookMayTakeSeveralSteps) {
  EXPECT_EQ(next_step(0, kBudget, 900'000, 0.1), 4U);
  EXPECT_EQ(next_step(4, kBudget, 100'000, 0.9), 0U);
  EXPECT_EQ(next_step(6, kBudget, 0, 0.0), 0U);
}

TEST(Pace, StopsOnlyIfThatWasAskedFor) {
  Budget budget = kBudget;
  EXPECT_EQ(next_step(0, budget, 1'000'000, 0.5), 5U);
  budget.used_up = UsedUp::stop;
  EXPECT_EQ(next_step(0, budget, 1'000'000, 0.5), 6U);
  EXPECT_EQ(next_step(0, budget, 999'999, 0.5), 4U);
}

TEST(Stretch, IsBoundedByTheTimeToLiveAndByADay) {
  EXPECT_EQ(stretch(5min, 0ms, 1), 5min);
  EXPECT_EQ(stretch(5min, 0ms, 8), 40min);
  EXPECT_EQ(stretch(0ms, 0ms, 8), 0ms);
  EXPECT_EQ(stretch(5min, 1h, 8), 30min);
  EXPECT_EQ(stretch(5min, 6min, 8), 5min) << "never shorter than the app wants it";
  EXPECT_EQ(stretch(20h, 0ms, 8), 24h);
}

}  // namespace
}  // namespace holdfast::budget
