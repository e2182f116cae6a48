// The question these tests answer: which fixes become positions, and what of them is sent?

#include "position.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace vehicle {
namespace {

using namespace std::chrono_literals;

const auto kNoon = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));
const auto kBoot = std::chrono::steady_clock::time_point(1h);

Fix fix_at(std::chrono::milliseconds since_noon) {
  return {.time = kNoon + since_noon,
          .place = Place{.lat = 48.137, .lon = 11.575},
          .speed = 12.5,
          .heading = 90};
}

TEST(Position, IsTheFixInTheReceiversUnits) {
  const Position position = position_of(fix_at(0ms));
  EXPECT_EQ(position.lat, 48.137);
  EXPECT_EQ(position.lon, 11.575);
  EXPECT_EQ(position.speed, 12.5);
  EXPECT_EQ(position.heading, 90);
}

TEST(Position, WithoutAPlaceNothingIsKnown) {
  Fix fix = fix_at(0ms);
  fix.place.reset();
  const Position position = position_of(fix);
  EXPECT_FALSE(position.lat || position.lon || position.speed || position.heading);
}

TEST(Position, AReadingTakesFewBytesAndComesBackAsItWas) {
  holdfast::SeriesWriter writer = channels().writer();
  for (int i = 0; i < 60; ++i) {
    Fix fix = fix_at(i * 10s);
    fix.place->lat += i * 1e-4;
    const auto refusal =
        channels().add(writer, {.ms = 1'800'000'000'000 + i * 10'000, .boot = 0}, position_of(fix));
    ASSERT_FALSE(refusal) << refusal.detail;
  }
  const auto payload = writer.finish();
  EXPECT_LT(payload.size(), 60u * 10);
  holdfast::SeriesReader reader = channels().reader();
  ASSERT_FALSE(reader.open(payload));
  ASSERT_EQ(reader.size(), 60u);
  EXPECT_NEAR(*channels().row(holdfast::SeriesRow(reader, 59)).lat, 48.1429, 1e-6);
}

TEST(Sampler, TakesOneFixOfEachStep) {
  Sampler sampler(10s);
  std::vector<std::chrono::system_clock::time_point> taken;
  for (int second = 0; second <= 60; ++second) {
    const auto reading = sampler.take(fix_at(second * 1s), kBoot + second * 1s);
    if (reading) taken.push_back(*reading->time);
  }
  ASSERT_EQ(taken.size(), 7u);
  EXPECT_EQ(taken[6] - taken[0], 60s);
}

TEST(Sampler, AFixThatComesTwiceIsTakenOnce) {
  Sampler sampler(1s);
  EXPECT_TRUE(sampler.take(fix_at(0ms), kBoot));
  EXPECT_FALSE(sampler.take(fix_at(0ms), kBoot + 1h));
}

TEST(Sampler, APlaceWithoutATimeWaitsForIt) {
  Sampler sampler(1s);
  Fix fix = fix_at(0ms);
  fix.time.reset();
  EXPECT_FALSE(sampler.take(fix, kBoot));
  EXPECT_TRUE(sampler.take(fix_at(0ms), kBoot));
}

TEST(Sampler, ATunnelIsAReadingWithoutAPlaceEachStep) {
  Sampler sampler(10s);
  EXPECT_TRUE(sampler.take(fix_at(0ms), kBoot));
  int taken = 0;
  for (int second = 1; second <= 30; ++second) {
    const auto reading = sampler.take(Fix{}, kBoot + second * 1s);
    if (!reading) continue;
    EXPECT_FALSE(reading->position.lat);
    ++taken;
  }
  EXPECT_EQ(taken, 3);
  EXPECT_TRUE(sampler.take(fix_at(31s), kBoot + 31s))
      << "the first place after it is taken at once";
}

TEST(Sampler, AClockThatIsPutBackBeginsAnew) {
  Sampler sampler(10s);
  EXPECT_TRUE(sampler.take(fix_at(0ms), kBoot));
  EXPECT_TRUE(sampler.take(fix_at(-1h), kBoot + 1s));
  EXPECT_FALSE(sampler.take(fix_at(-1h + 5s), kBoot + 6s));
}

}  // namespace
}  // namespace vehicle
