#include "session/backoff.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace holdfast::session {
namespace {

using namespace std::chrono_literals;

constexpr Backoff kOptions{.base = 1s, .cap = 5min, .stable_after = 30s};
constexpr double kAlmostOne = 0.999999999;

Random always(double value) {
  return [value] { return value; };
}

TEST(BackoffTimer, DoublesItsBoundUpToTheCap) {
  BackoffTimer timer(kOptions, always(kAlmostOne));
  for (const auto bound : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s, 300s}) {
    const Duration wait = timer.next();
    EXPECT_LE(wait, bound);
    EXPECT_GT(wait, bound - 1ms);
  }
}

TEST(BackoffTimer, MayNotWaitAtAll) {
  BackoffTimer timer(kOptions, always(0.0));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(timer.next(), 0s);
}

TEST(BackoffTimer, ScalesTheBoundByTheRandomNumberItWasGiven) {
  std::vector<double> numbers{0.25, 0.5, 0.75};
  BackoffTimer timer(kOptions, [&numbers, i = std::size_t{0}]() mutable { return numbers[i++]; });
  EXPECT_EQ(timer.next(), 250ms);
  EXPECT_EQ(timer.next(), 1s);
  EXPECT_EQ(timer.next(), 3s);
}

TEST(BackoffTimer, SpreadsAFleetEvenlyBelowTheBound) {
  constexpr int kDevices = 4'000;
  std::mt19937_64 engine(1);
  int in_lower_half = 0;
  for (int i = 0; i < kDevices; ++i) {
    BackoffTimer timer(
        kOptions, [&engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(engine); });
    for (int attempt = 0; attempt < 5; ++attempt) timer.next();
    const Duration wait = timer.next();
    ASSERT_GE(wait, 0s);
    ASSERT_LE(wait, 32s);
    in_lower_half += wait < 16s ? 1 : 0;
  }
  EXPECT_NEAR(in_lower_half, kDevices / 2, 200);
}

TEST(BackoffTimer, CountsItsAttempts) {
  BackoffTimer timer(kOptions, always(0.5));
  EXPECT_EQ(timer.attempts(), 0U);
  timer.next();
  timer.next();
  EXPECT_EQ(timer.attempts(), 2U);
}

TEST(BackoffTimer, BeginsAnewAfterAReset) {
  BackoffTimer timer(kOptions, always(0.5));
  for (int i = 0; i < 12; ++i) timer.next();
  timer.reset();
  EXPECT_EQ(timer.attempts(), 0U);
  EXPECT_EQ(timer.next(), 500ms);
}

TEST(BackoffTimer, StaysAtTheCapHoweverLongItGoesOn) {
  BackoffTimer timer({.base = 1ms, .cap = 24h, .stable_after = 0ms}, always(0.5));
  for (int i = 0; i < 100'000; ++i) ASSERT_LE(timer.next(), 24h);
  EXPECT_EQ(timer.next(), 12h);
}

TEST(BackoffTimer, TakesABaseThatIsTheCap) {
  BackoffTimer timer({.base = 2s, .cap = 2s, .stable_after = 0ms}, always(0.5));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(timer.next(), 1s);
}

TEST(BackoffTimer, RaisesItsBoundWhereAWaitHasToBeLong) {
  BackoffTimer timer(kOptions, always(0.5));
  EXPECT_EQ(timer.next_above(30s, 5min), 165s);  // half-way from 30 s to 300 s
  EXPECT_EQ(timer.next_above(30s, 5min), 165s);
}

TEST(BackoffTimer, WaitsAtLeastTheFloor) {
  BackoffTimer timer(kOptions, always(0.0));
  EXPECT_EQ(timer.next_above(30s, 5min), 30s);
  BackoffTimer never_less(kOptions, always(0.5));
  EXPECT_EQ(never_less.next_above(10min, 5min), 10min) << "even where the floor is above the bound";
}

TEST(BackoffTimer, SpreadsThoseThatWaitLongEvenlyAboveTheFloor) {
  std::mt19937_64 engine(2);
  int near_the_floor = 0;
  for (int i = 0; i < 4'000; ++i) {
    BackoffTimer timer(
        kOptions, [&engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(engine); });
    near_the_floor += timer.next_above(30s, 5min) < 57s ? 1 : 0;  // a tenth of the range
  }
  EXPECT_NEAR(near_the_floor, 400, 80);
}

TEST(BackoffTimer, StaysSlowForAnOrdinaryFailureAfterASlowOne) {
  BackoffTimer timer(kOptions, always(0.5));
  timer.next_above(30s, 5min);
  EXPECT_EQ(timer.next(), 150s);
  timer.reset();
  EXPECT_EQ(timer.next(), 500ms);
}

TEST(BackoffTimer, WaitsLongerThanTheCapWhereItIsTold) {
  BackoffTimer timer(kOptions, always(0.5));
  EXPECT_EQ(timer.between(10min, 20min), 15min);
  EXPECT_EQ(timer.attempts(), 1U);
}

}  // namespace
}  // namespace holdfast::session
