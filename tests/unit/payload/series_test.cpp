#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "series_layout_generated.h"
#include "unit/payload/series_support.hpp"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using test::Bytes;
using test::Random;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Fix {
  std::optional<double> lat;
  std::optional<double> lon;
  float speed = 0;
  std::uint16_t heading = 0;
  std::uint8_t fuel = 0;
  bool moving = false;

  friend bool operator==(const Fix&, const Fix&) = default;
};

const SeriesOf<Fix>& drive() {
  static const SeriesOf<Fix> series({.time_resolution = 1s},
                                    {{"lat", &Fix::lat, {.resolution = 1e-7, .unit = "deg"}},
                                     {"lon", &Fix::lon, {.resolution = 1e-7, .unit = "deg"}},
                                     {"speed", &Fix::speed, {.unit = "m/s"}},
                                     {"heading", &Fix::heading, {.unit = "deg"}},
                                     {"fuel", &Fix::fuel, {.resolution = 0.5, .unit = "%"}},
                                     {"moving", &Fix::moving}});
  return series;
}

SeriesLayout layout_of(Channel channel, SeriesOptions options = {}) {
  return SeriesLayout({std::move(channel)}, options);
}

// --- Declarations --------------------------------------------------------------------------------

struct Bad {
  std::vector<Channel> channels;
  SeriesOptions options;
  std::string field;
  std::string value;
};

TEST(SeriesLayout, RefusesADeclarationThatCannotWorkAndNamesIt) {
  const auto too_many = [] {
    std::vector<Channel> channels(65);
    for (std::size_t i = 0; i < 65; ++i) channels[i].name = std::to_string(i);
    return channels;
  };
  const std::vector<Bad> cases = {
      {{}, {}, "channels", "0"},
      {too_many(), {}, "channels", "65"},
      {{{.name = "a"}, {.name = ""}}, {}, "channels[1].name", ""},
      {{{.name = "a"}, {.name = "b"}, {.name = "a"}}, {}, "channels[2].name", "a"},
      {{{.name = std::string(65, 'x')}}, {}, "channels[0].name", std::string(65, 'x')},
      {{{.name = "a\tb"}}, {}, "channels[0].name", ""},
      {{{.name = "a", .unit = std::string(17, 'x')}}, {}, "channels[0].unit", std::string(17, 'x')},
      {{{.name = "a", .resolution = -0.5}}, {}, "channels[0].resolution", "-0.500000"},
      {{{.name = "a", .resolution = kNan}}, {}, "channels[0].resolution", "nan"},
      {{{.name = "a", .resolution = INFINITY}}, {}, "channels[0].resolution", "inf"},
      {{{.name = "a", .kind = ChannelKind::fixed}}, {}, "channels[0].resolution", "0"},
      {{{.name = "a"}}, {.time_resolution = 5s}, "time_resolution", "5000 ms"},
      {{{.name = "a"}}, {.time_resolution = 0s}, "time_resolution", "0 ms"},
  };
  for (const Bad& bad : cases) {
    try {
      const SeriesLayout layout(bad.channels, bad.options);
      ADD_FAILURE() << bad.field << " = " << bad.value << " was taken";
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.field(), bad.field);
      EXPECT_EQ(error.value(), bad.value);
      EXPECT_FALSE(error.mend().empty());
    }
  }
}

TEST(SeriesLayout, HasAnotherIdAfterAnyChangeAndTheSameElse) {
  const std::vector<Channel> base = {{.name = "a", .resolution = 0.1, .unit = "m"}, {.name = "b"}};
  const std::uint32_t id = SeriesLayout(base).id();
  EXPECT_EQ(SeriesLayout(base).id(), id);
  EXPECT_EQ(SeriesLayout(base), SeriesLayout(base));
  const auto changed = [&base](auto change) {
    auto channels = base;
    change(channels);
    return SeriesLayout(channels).id();
  };
  EXPECT_NE(changed([](auto& c) { c[0].name = "A"; }), id);
  EXPECT_NE(changed([](auto& c) { c[0].unit = "km"; }), id);
  EXPECT_NE(changed([](auto& c) { c[0].resolution = 0.2; }), id);
  EXPECT_NE(changed([](auto& c) { c[1].kind = ChannelKind::integer; }), id);
  EXPECT_NE(changed([](auto& c) { std::swap(c[0], c[1]); }), id);
  EXPECT_NE(changed([](auto& c) { c.push_back({.name = "c"}); }), id);
  EXPECT_NE(SeriesLayout(base, {.time_resolution = 1s}).id(), id);
}

TEST(SeriesLayout, HasTheIdOfTheFormat) {
  // Computed in another language, from the text in docs/formats/series.md.
  EXPECT_EQ(layout_of({.name = "speed", .resolution = 0.1, .unit = "m/s"}).id(), 0xCE4D4400U);
}

TEST(SeriesLayout, ComesBackFromItsDescription) {
  Random random(11);
  for (int i = 0; i < 200; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    std::error_code error = Errc::closed;
    const auto read = SeriesLayout::from_description(layout.describe(), error);
    ASSERT_TRUE(read) << error.message();
    EXPECT_FALSE(error);
    EXPECT_EQ(*read, layout);
    EXPECT_EQ(read->id(), layout.id());
  }
}

TEST(SeriesLayout, RefusesADamagedDescription) {
  const Bytes whole = drive().layout().describe();
  std::error_code error;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_FALSE(SeriesLayout::from_description(cut, error)) << size;
    ASSERT_TRUE(error);
  }
  int read_as_another = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes changed = whole;
    changed[at] ^= std::byte{0x04};
    const auto layout = SeriesLayout::from_description(changed, error);
    ASSERT_EQ(layout.has_value(), !error);
    if (layout && !(*layout == drive().layout())) ++read_as_another;
  }
  EXPECT_EQ(read_as_another, 0) << "the id vouches for the rest";
  EXPECT_FALSE(
      SeriesLayout::from_description(test::packed(layout_of({.name = "a"}), {{{}, {1.0}}}), error));
  EXPECT_EQ(error, Errc::foreign_payload);
}

TEST(SeriesLayout, KeepsAChannelOfAKindThatANewerReleaseKnows) {
  const SeriesLayout layout({{.name = "a", .kind = static_cast<ChannelKind>(9)},
                             {.name = "b", .kind = ChannelKind::integer}});
  std::error_code error;
  const auto read = SeriesLayout::from_description(layout.describe(), error);
  ASSERT_TRUE(read) << error.message();
  EXPECT_EQ(*read, layout);

  SeriesWriter writer(*read);
  const Sample with[] = {5, 6};
  EXPECT_THAT(writer.add({}, with).detail, HasSubstr("a = 5"));
  const Sample without[] = {Sample(), 6};
  ASSERT_FALSE(writer.add({}, without));
  SeriesReader reader(*read);
  ASSERT_FALSE(reader.open(writer.finish()));
  EXPECT_FALSE(reader.column(0).is_known());
  EXPECT_EQ(reader.sample(0, 1), Sample(6));
}

// --- Rows and values -----------------------------------------------------------------------------

TEST(Series, ComesBackAsItWasPushedForAnyLayoutAndReadings) {
  Random random(12);
  for (int i = 0; i < 1'000; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    const auto readings = test::random_readings(random, layout, test::below(random, 50) + 1,
                                                test::below(random, 2) * 77);
    SeriesReader reader(layout);
    ASSERT_FALSE(reader.open(test::packed(layout, readings, {9, 3})));
    ASSERT_EQ(reader.size(), readings.size());
    EXPECT_EQ(reader.origin(), (Origin{9, 3}));
    const std::int64_t unit = layout.time_resolution().count();
    for (const SeriesRow row : reader) {
      const auto& reading = readings[row.index()];
      ASSERT_LE(std::abs(row.time().ms - reading.time.ms) * 2, unit);
      ASSERT_EQ(row.time().boot, reading.time.boot);
      ASSERT_EQ(row.size(), reading.samples.size());
      for (std::size_t c = 0; c < row.size(); ++c) {
        const Sample& pushed = reading.samples[c];
        const double resolution = layout.channels()[c].resolution;
        ASSERT_EQ(row[c].is_absent(), pushed.is_absent());
        if (pushed.is_absent()) continue;
        if (resolution == 0) {
          ASSERT_EQ(row[c], pushed);
        } else {
          ASSERT_NEAR(row[c].real(), pushed.real(),
                      resolution / 2 * (1 + 1e-9) + std::abs(pushed.real()) * 1e-15);
        }
        ASSERT_EQ(reader.column(c)[row.index()], row[c]);
      }
    }
  }
}

TEST(Series, GivesBackTheNearestMultipleOfAResolution) {
  SeriesWriter writer(layout_of({.name = "lat", .resolution = 1e-7}));
  Random random(13);
  std::vector<double> exact;
  for (int i = 0; i < 4'000; ++i) {
    const auto number = static_cast<std::int64_t>(test::below(random, 1'800'000'000)) - 900'000'000;
    exact.push_back(static_cast<double>(number) / 1e7);  // the double nearest to the decimal
    const double noise = static_cast<double>(test::below(random, 800)) / 1'000 - 0.4;
    const Sample sample = exact.back() + noise * 1e-7;
    ASSERT_FALSE(writer.add({i}, std::span(&sample, 1)));
  }
  SeriesReader reader(writer.layout());
  ASSERT_FALSE(reader.open(writer.finish()));
  EXPECT_EQ(reader.column(0).reals(), exact);
}

TEST(Series, KeepsEveryBitOfWholeNumbersAndOfFloatsWithoutAResolution) {
  const SeriesLayout layout({{.name = "i", .kind = ChannelKind::integer},
                             {.name = "f", .kind = ChannelKind::single},
                             {.name = "d", .kind = ChannelKind::real}});
  const std::int64_t whole[] = {std::numeric_limits<std::int64_t>::min(),
                                std::numeric_limits<std::int64_t>::max(), -1, (1LL << 53) + 1};
  const double real[] = {-0.0, INFINITY, 5e-324, std::bit_cast<double>(0x7FF8'0000'0000'0042)};
  const float single[] = {-0.0F, -INFINITY, 1e-45F, 0.1F};
  SeriesWriter writer(layout);
  for (int i = 0; i < 4; ++i) {
    const Sample samples[] = {whole[i], single[i], real[i]};
    ASSERT_FALSE(writer.add({i}, samples));
  }
  SeriesReader reader(layout);
  ASSERT_FALSE(reader.open(writer.finish()));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(reader.sample(i, 0).integer(), whole[i]);
    EXPECT_EQ(std::bit_cast<std::int64_t>(reader.sample(i, 1).real()),
              std::bit_cast<std::int64_t>(static_cast<double>(single[i])));
    EXPECT_EQ(std::bit_cast<std::int64_t>(reader.sample(i, 2).real()),
              std::bit_cast<std::int64_t>(real[i]));
  }
}

TEST(Series, OfStructsGivesStructsBack) {
  SeriesWriter writer = drive().writer();
  const Fix rows[] = {{48.1234567, 11.7654321, 13.25F, 271, 40, true},
                      {std::nullopt, std::nullopt, 0.1F, 0, 255, false},
                      {-90, 180, NAN, 359, 0, true}};
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(drive().add(writer, {1'000'000 + i * 1'000}, rows[i]));
  SeriesReader reader = drive().reader();
  ASSERT_FALSE(reader.open(writer.finish()));
  EXPECT_EQ(drive().row({reader, 0}), rows[0]);
  EXPECT_EQ(drive().row({reader, 1}), rows[1]);
  EXPECT_TRUE(std::isnan(drive().row({reader, 2}).speed));
  EXPECT_EQ(reader.time(1), (SeriesTime{1'001'000, 0}));
  EXPECT_TRUE(reader.column(0).has_absences());
  EXPECT_FALSE(reader.column(2).has_absences());
  EXPECT_EQ(reader.column(0).channel().unit, "deg");
  EXPECT_EQ(drive().layout().channels()[2].kind, ChannelKind::single);
  EXPECT_EQ(drive().layout().channels()[3].kind, ChannelKind::integer);
}

TEST(Series, FillsMembersThatCannotBeAbsent) {
  struct Plain {
    double a = 1;
    int b = 2;
  };
  const SeriesOf<Plain> plain({}, {{"a", &Plain::a}, {"b", &Plain::b}});
  SeriesWriter writer = plain.writer();
  const Sample absent[] = {Sample(), Sample()};
  ASSERT_FALSE(writer.add({}, absent));
  const Sample large[] = {1.5, std::int64_t{1} << 40};
  ASSERT_FALSE(writer.add({}, large));
  SeriesReader reader = plain.reader();
  ASSERT_FALSE(reader.open(writer.finish()));
  EXPECT_TRUE(std::isnan(plain.row({reader, 0}).a));
  EXPECT_EQ(plain.row({reader, 0}).b, 0);
  EXPECT_EQ(plain.row({reader, 1}).b, std::numeric_limits<int>::max()) << "cut to its range";
}

// --- Refusals ------------------------------------------------------------------------------------

std::string refusal_of(Channel channel, Sample sample, SeriesTime time = {},
                       SeriesOptions options = {}) {
  SeriesWriter writer(layout_of(std::move(channel), options));
  const auto refusal = writer.add(time, std::span(&sample, 1));
  EXPECT_EQ(refusal.error, Errc::invalid_reading);
  EXPECT_EQ(writer.size(), 0U);
  EXPECT_TRUE(writer.finish().empty());
  return refusal.detail;
}

TEST(Series, RefusesWhatAChannelCannotHoldAndNamesBoth) {
  const Channel fixed{.name = "fuel", .resolution = 0.1};
  const Channel whole{.name = "gear", .kind = ChannelKind::integer};
  EXPECT_THAT(refusal_of(fixed, kNan), HasSubstr("fuel = nan"));
  EXPECT_THAT(refusal_of(fixed, INFINITY), HasSubstr("fuel = inf"));
  EXPECT_THAT(refusal_of(fixed, -INFINITY), HasSubstr("fuel = -inf"));
  EXPECT_THAT(refusal_of(fixed, 1e18), HasSubstr("fuel = 1e+18"));
  EXPECT_THAT(refusal_of(whole, 2.5), HasSubstr("gear = 2.5"));
  EXPECT_THAT(refusal_of(whole, kNan), HasSubstr("gear = nan"));
  EXPECT_THAT(refusal_of(whole, std::uint64_t{1} << 63), HasSubstr("gear = 9223372036854775808"));
  const SeriesTime end{std::numeric_limits<std::int64_t>::max()};
  EXPECT_THAT(refusal_of(whole, 1, end, {.time_resolution = 1min}),
              HasSubstr("time = 9223372036854775807 ms"));
}

TEST(Series, TakesAWholeNumberThatComesAsADouble) {
  SeriesWriter writer(layout_of({.name = "gear", .kind = ChannelKind::integer}));
  const Sample sample = -3.0;
  EXPECT_FALSE(writer.add({}, std::span(&sample, 1)));
}

TEST(Series, RefusesAnotherNumberOfSamplesAndAnotherClock) {
  SeriesWriter writer(layout_of({.name = "a"}));
  const Sample samples[] = {1.0, 2.0};
  EXPECT_THAT(writer.add({}, samples).detail, HasSubstr("samples = 2"));
  ASSERT_FALSE(writer.add({5, 77}, std::span(samples, 1)));
  EXPECT_EQ(writer.add({5, 78}, std::span(samples, 1)).error, Errc::invalid_reading);
  EXPECT_EQ(writer.add({5, 0}, std::span(samples, 1)).error, Errc::invalid_reading);
  EXPECT_EQ(writer.size(), 1U);
}

TEST(Series, EndsABatchAtTheLimitOfRows) {
  SeriesWriter writer(layout_of({.name = "a"}));
  const Sample sample = 1.0;
  for (std::size_t i = 0; i < limits::kMaxSeriesRows; ++i) {
    ASSERT_FALSE(writer.add({}, std::span(&sample, 1)));
  }
  EXPECT_EQ(writer.add({}, std::span(&sample, 1)).error, Errc::too_many);
  SeriesReader reader(writer.layout());
  ASSERT_FALSE(reader.open(writer.finish()));
  EXPECT_EQ(reader.size(), limits::kMaxSeriesRows);
  EXPECT_FALSE(writer.add({}, std::span(&sample, 1))) << "and begins anew";
}

// --- Times ---------------------------------------------------------------------------------------

TEST(Series, TakesTimesThatGoBackwardsOrJumpAYear) {
  const std::int64_t year = 31'536'000'000;
  const std::vector<std::int64_t> times = {1'700'000'000'000,
                                           1'700'000'000'000 + year,
                                           1'700'000'000'001,
                                           0,
                                           -year,
                                           1'699'999'999'999,
                                           std::numeric_limits<std::int64_t>::min(),
                                           std::numeric_limits<std::int64_t>::max()};
  SeriesWriter writer(layout_of({.name = "a", .kind = ChannelKind::integer}));
  const Sample sample = 1;
  for (const auto time : times) ASSERT_FALSE(writer.add({time}, std::span(&sample, 1)));
  SeriesReader reader(writer.layout());
  ASSERT_FALSE(reader.open(writer.finish()));
  EXPECT_EQ(std::vector(reader.times_ms().begin(), reader.times_ms().end()), times);
}

TEST(Series, RoundsTimesToTheirResolutionAndNotFurther) {
  SeriesWriter writer(layout_of({.name = "a"}, {.time_resolution = 10s}));
  const Sample sample = 1.0;
  const std::vector<std::int64_t> times = {0, 4'999, 5'000, -4'999, -5'001, 1'700'000'004'999};
  for (const auto time : times) ASSERT_FALSE(writer.add({time}, std::span(&sample, 1)));
  SeriesReader reader(writer.layout());
  ASSERT_FALSE(reader.open(writer.finish()));
  EXPECT_THAT(reader.times_ms(), testing::ElementsAre(0, 0, 10'000, 0, -10'000, 1'700'000'000'000));
}

TEST(Series, WithACoarserTimeResolutionIsSmaller) {
  const auto size = [](std::chrono::milliseconds resolution) {
    SeriesWriter writer(layout_of({.name = "a"}, {.time_resolution = resolution}));
    const Sample sample = 1.0;
    for (int i = 0; i < 60; ++i) {
      EXPECT_FALSE(
          writer.add({1'700'000'000'000 + i * 5'000 + i * 37 % 11}, std::span(&sample, 1)));
    }
    return writer.finish().size();
  };
  EXPECT_LT(size(1s) + 25, size(1ms));
}

}  // namespace
}  // namespace holdfast
