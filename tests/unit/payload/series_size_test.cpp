// The promises on size: the worst case, and a drive.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "unit/payload/series_support.hpp"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using test::Random;

constexpr std::size_t kRows = 20;
constexpr std::size_t kStructBytes = 24;
constexpr std::size_t kWorst = kRows * kStructBytes * 11 / 10;   // 528
constexpr std::size_t kTypical = kRows * kStructBytes * 6 / 10;  // 288

#pragma pack(push, 1)
struct WholeNumbers {  // time in milliseconds: all 24 bytes may be anything
  std::uint64_t time;
  std::int32_t lat, lon;
  std::uint16_t speed, heading;
  std::uint32_t fuel;
};
struct Floats {  // time in seconds
  std::uint32_t time;
  float lat, lon, speed, heading, fuel;
};
struct Mixed {
  std::uint32_t time;
  std::int32_t lat, lon;
  float speed;
  std::uint32_t heading;
  std::int32_t fuel;
};
struct Doubles {
  std::uint32_t time;
  double lat, lon;
  std::uint16_t speed;
  std::uint8_t heading;
  std::int8_t fuel;
};
#pragma pack(pop)

template <class Row>
SeriesOf<Row> series_of(std::chrono::milliseconds resolution) {
  static_assert(sizeof(Row) == kStructBytes);
  return SeriesOf<Row>({.time_resolution = resolution}, {{"lat", &Row::lat},
                                                         {"lon", &Row::lon},
                                                         {"speed", &Row::speed},
                                                         {"heading", &Row::heading},
                                                         {"fuel", &Row::fuel}});
}

float quiet(float value) {
  if (!std::isnan(value)) return value;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | 0x0040'0000U);
}

template <class Row>
void expect_bound(std::chrono::milliseconds resolution, std::uint64_t seed) {
  const auto series = series_of<Row>(resolution);
  Random random(seed);
  std::size_t most = 0;
  for (int i = 0; i < 3'000; ++i) {
    SeriesWriter writer = series.writer();
    std::vector<Row> rows(kRows);
    const auto sparse = test::below(random, 3);  // the extremes matter as well as noise
    for (Row& row : rows) {
      unsigned char bytes[kStructBytes];
      for (auto& byte : bytes) {
        byte = static_cast<unsigned char>(random());
        if (sparse == 1 && test::below(random, 2) == 0) byte = 0;
        if (sparse == 2 && test::below(random, 2) == 0) byte = 0xFF;
      }
      std::memcpy(&row, bytes, sizeof row);
      // On its way through a double a signalling NaN becomes a quiet one.
      if constexpr (std::is_same_v<Row, Floats>) {
        row = {row.time,         quiet(row.lat),     quiet(row.lon),
               quiet(row.speed), quiet(row.heading), quiet(row.fuel)};
      } else if constexpr (std::is_same_v<Row, Mixed>) {
        row.speed = quiet(row.speed);
      }
      const auto time = static_cast<std::int64_t>(row.time);
      ASSERT_FALSE(series.add(writer, {time * resolution.count()}, row));
    }
    const auto batch = writer.finish({random(), static_cast<std::uint32_t>(random() | 1)});
    most = std::max(most, batch.size());
    SeriesReader reader = series.reader();
    ASSERT_FALSE(reader.open(batch));
    for (std::size_t row = 0; row < kRows; ++row) {
      const Row read = series.row({reader, row});
      ASSERT_EQ(reader.time(row).ms,
                static_cast<std::int64_t>(rows[row].time) * resolution.count());
      ASSERT_EQ(0, std::memcmp(reinterpret_cast<const char*>(&read) + sizeof read.time,
                               reinterpret_cast<const char*>(&rows[row]) + sizeof read.time,
                               sizeof read - sizeof read.time));
    }
  }
  EXPECT_LE(most, kWorst);
  EXPECT_GT(most, kWorst * 8 / 10) << "these numbers are too tame to prove anything";
}

TEST(SeriesSize, StaysBelowItsBoundForAnyWholeNumbers) {
  expect_bound<WholeNumbers>(1ms, 21);
}
TEST(SeriesSize, StaysBelowItsBoundForAnyFloats) {
  expect_bound<Floats>(1s, 22);
}
TEST(SeriesSize, StaysBelowItsBoundForAnyMixedNumbers) {
  expect_bound<Mixed>(1ms, 23);
}
TEST(SeriesSize, StaysBelowItsBoundForAnyDoubles) {
  expect_bound<Doubles>(1s, 24);
}

struct Fix {
  double lat = 0, lon = 0;
  double speed = 0, heading = 0, fuel = 0;
};

TEST(SeriesSize, OfADriveIsFarBelow) {
  const SeriesOf<Fix> series({.time_resolution = 1s},
                             {{"lat", &Fix::lat, {.resolution = 1e-7}},
                              {"lon", &Fix::lon, {.resolution = 1e-7}},
                              {"speed", &Fix::speed, {.resolution = 0.01}},
                              {"heading", &Fix::heading, {.resolution = 0.01}},
                              {"fuel", &Fix::fuel, {.resolution = 0.1}}});
  Random random(25);
  std::normal_distribution<double> noise;
  Fix fix{.lat = 48.1, .lon = 11.5, .speed = 12, .heading = 350, .fuel = 61.2};
  std::size_t most = 0;
  std::int64_t time = 1'700'000'000'000;
  for (int batch = 0; batch < 200; ++batch) {
    SeriesWriter writer = series.writer();
    for (std::size_t i = 0; i < kRows; ++i) {
      time += 5'000;
      fix.speed = std::max(0.0, fix.speed + noise(random));
      fix.heading = std::fmod(fix.heading + 4 * noise(random) + 360, 360);
      fix.fuel -= 0.002;
      const double way = fix.speed * 5 / 111'320;
      const double course = fix.heading * std::numbers::pi / 180;
      fix.lat += way * std::cos(course) + 1e-6 * noise(random);
      fix.lon += way * std::sin(course) / 0.67 + 1e-6 * noise(random);
      ASSERT_FALSE(series.add(writer, {time + static_cast<std::int64_t>(20 * noise(random))}, fix));
    }
    most = std::max(most, writer.finish({random(), 1}).size());
  }
  EXPECT_LE(most, kTypical);
}

TEST(SeriesSize, OfTheHeadIs44Bytes) {
  SeriesWriter writer(SeriesLayout({{.name = "a", .kind = ChannelKind::integer}}));
  const Sample sample = 0;
  ASSERT_FALSE(writer.add({}, std::span(&sample, 1)));
  EXPECT_EQ(writer.finish({1, 1}).size(), 44U + 4U);
}

}  // namespace
}  // namespace holdfast
