// The question these tests answer: is a line that was crossed once reported once, whatever the
// receiver adds to the truth?

#include "geofence.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <system_error>
#include <vector>

#include "support/temp_dir.hpp"

namespace vehicle {
namespace {

constexpr Place kDepot{.lat = 48.137, .lon = 11.575};
constexpr Fence kFence{.centre = kDepot, .radius_m = 1'000, .margin_m = 30};

// A place so many metres east of the depot.
Place east(double metres) {
  return {.lat = kDepot.lat, .lon = kDepot.lon + metres / (111'195 * std::cos(0.840149))};
}

std::vector<Side> crossings(Geofence& fence, const std::vector<double>& metres) {
  std::vector<Side> all;
  for (const double one : metres) {
    if (const auto crossed = fence.see(east(one))) all.push_back(*crossed);
  }
  return all;
}

TEST(Distance, IsThatOfTheMap) {
  EXPECT_DOUBLE_EQ(distance_m(kDepot, kDepot), 0);
  EXPECT_NEAR(distance_m(kDepot, east(1'000)), 1'000, 1);
  // Munich to Hamburg; and half around the world, across the line where longitudes jump.
  EXPECT_NEAR(distance_m({.lat = 48.1372, .lon = 11.5756}, {.lat = 53.5503, .lon = 10.0006}),
              612'400, 1'000);
  EXPECT_NEAR(distance_m({.lat = 0, .lon = 179.5}, {.lat = 0, .lon = -179.5}), 111'195, 1);
}

TEST(Geofence, ADriveOutAndBackIsTwoCrossings) {
  Geofence fence(kFence);
  std::vector<double> way;
  for (double metres = 0; metres < 2'000; metres += 60) way.push_back(metres);
  for (double metres = 2'000; metres > 0; metres -= 60) way.push_back(metres);
  EXPECT_EQ(crossings(fence, way), (std::vector{Side::outside, Side::inside}));
}

TEST(Geofence, StandingOnTheLineIsNoCrossing) {
  Geofence fence(kFence);
  std::mt19937 chance(7);
  std::normal_distribution<double> noise(0, 8);
  std::vector<double> way(10, 900.0);
  for (int i = 0; i < 5'000; ++i) way.push_back(1'000 + noise(chance));
  EXPECT_TRUE(crossings(fence, way).empty());
  EXPECT_EQ(fence.side(), Side::inside);
}

TEST(Geofence, WithoutItsMarginTheSameNoiseWouldFlap) {
  Geofence fence({.centre = kDepot, .radius_m = 1'000, .margin_m = 0});
  std::mt19937 chance(7);
  std::normal_distribution<double> noise(0, 8);
  std::vector<double> way(10, 900.0);
  for (int i = 0; i < 5'000; ++i) way.push_back(1'000 + noise(chance));
  EXPECT_GT(crossings(fence, way).size(), 100u);
}

TEST(Geofence, TwoReflectedFixesAreNoCrossingAndThreeAre) {
  Geofence fence(kFence, Side::inside);
  EXPECT_TRUE(crossings(fence, {500, 1'400, 1'400, 500, 1'400, 1'400, 500}).empty());
  EXPECT_EQ(crossings(fence, {1'400, 1'400, 1'400}), std::vector{Side::outside});
}

TEST(Geofence, AFixWithinTheMarginBreaksTheRow) {
  Geofence fence(kFence, Side::inside);
  EXPECT_TRUE(crossings(fence, {1'100, 1'100, 1'010, 1'100, 1'100}).empty());
}

TEST(Geofence, AFixThatIsVagueSaysNothing) {
  Geofence fence(kFence, Side::inside);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(fence.see(east(1'200), 250.0));
  EXPECT_FALSE(fence.see(east(1'200), 100.0));
  EXPECT_FALSE(fence.see(east(1'200), 100.0));
  EXPECT_EQ(fence.see(east(1'200), 100.0), Side::outside);
}

TEST(Geofence, TheFirstSideIsNoCrossingUnlessAnotherWasKnown) {
  Geofence unknown(kFence);
  EXPECT_TRUE(crossings(unknown, {1'500, 1'500, 1'500, 1'500}).empty());
  EXPECT_EQ(unknown.side(), Side::outside);
  Geofence known(kFence, Side::inside);
  EXPECT_EQ(crossings(known, {1'500, 1'500, 1'500, 1'500}), std::vector{Side::outside});
}

TEST(ParseFence, ReadsWhatAPersonWrites) {
  const auto fence = parse_fence("48.1370,-11.5750,1.5km");
  ASSERT_TRUE(fence);
  EXPECT_DOUBLE_EQ(fence->centre.lat, 48.137);
  EXPECT_DOUBLE_EQ(fence->centre.lon, -11.575);
  EXPECT_DOUBLE_EQ(fence->radius_m, 1'500);
  EXPECT_EQ(parse_metres("30m"), 30);
}

TEST(ParseFence, RefusesWhatIsNoFence) {
  for (const char* text :
       {"", "48.1,11.5", "48.1,11.5,500", "91,11.5,500m", "48.1,181,500m", "48.1,11.5,5m",
        "48.1,11.5,1001km", "48.1,11.5,-500m", "48.1,11.5,500m,", "nan,11.5,500m", "48.1,11.5,nanm",
        "48.1 ,11.5,500m", "48.1;11.5;500m", "48.1,11.5,500ft"}) {
    EXPECT_FALSE(parse_fence(text)) << text;
  }
}

class FenceMemoryTest : public testing::Test {
 protected:
  holdfast::test::TempDir dir_;
  FenceMemory memory_{dir_.path() / "fence", kFence};
};

TEST_F(FenceMemoryTest, KnowsTheSideInAnotherProcess) {
  EXPECT_FALSE(memory_.read());
  memory_.write(Side::outside);
  memory_.write(Side::inside);
  EXPECT_EQ(FenceMemory(dir_.path() / "fence", kFence).read(), Side::inside);
}

TEST_F(FenceMemoryTest, AnotherFenceAndADamagedFileAreNotKnown) {
  memory_.write(Side::inside);
  Fence other = kFence;
  other.radius_m = 500;
  EXPECT_FALSE(FenceMemory(dir_.path() / "fence", other).read());
  for (const char* text :
       {"", "48.1370000,11.5750000,1000.0m", "48.1370000,11.5750000,1000.0m in"}) {
    dir_.write("fence", text);
    EXPECT_FALSE(memory_.read()) << text;
  }
}

TEST_F(FenceMemoryTest, SaysWhichFileCannotBeWritten) {
  try {
    FenceMemory("/nowhere/fence", kFence).write(Side::inside);
    FAIL() << "it was written";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/fence"), std::string::npos);
  }
}

}  // namespace
}  // namespace vehicle
