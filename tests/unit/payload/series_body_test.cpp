#include "payload/series_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "envelope_generated.h"
#include "series_generated.h"
#include "unit/payload/series_support.hpp"

namespace holdfast::payload {
namespace {

using namespace std::chrono_literals;
using test::Bytes;
using test::Random;
using Bodies = std::vector<Bytes>;

constexpr std::size_t kNoBound = 1'000'000;

SeriesLayout speed_layout(std::chrono::milliseconds resolution = 1ms) {
  return SeriesLayout({{.name = "speed", .resolution = 0.1, .unit = "m/s"}},
                      {.time_resolution = resolution});
}

Bytes row(const SeriesLayout& layout, const SeriesTime& time, std::vector<Sample> samples) {
  Failure failure;
  auto body = encode_row(layout, time, samples, failure);
  EXPECT_FALSE(failure) << failure.detail;
  return body;
}

Bodies rows_of(const SeriesLayout& layout, const std::vector<test::Reading>& readings) {
  Bodies bodies;
  for (const auto& reading : readings) bodies.push_back(row(layout, reading.time, reading.samples));
  return bodies;
}

Merged merge(const Bodies& bodies, std::size_t max_bytes = kNoBound,
             std::size_t max_rows = kNoBound) {
  std::vector<std::span<const std::byte>> spans(bodies.begin(), bodies.end());
  return merge_series(spans, max_bytes, max_rows);
}

std::vector<std::int64_t> times_of(const SeriesLayout& layout, const Bytes& body,
                                   std::uint64_t boot = 0) {
  SeriesReader reader(layout);
  EXPECT_FALSE(reader.open(body));
  EXPECT_EQ(reader.boot(), boot);
  return {reader.times_ms().begin(), reader.times_ms().end()};
}

// --- One row -------------------------------------------------------------------------------------

TEST(SeriesBody, OfARowIsASeriesWithoutAnOrigin) {
  const SeriesLayout layout = speed_layout();
  const Bytes body = row(layout, {1'700'000'000'123}, {12.34});
  EXPECT_TRUE(is_series(body));
  SeriesReader reader(layout);
  ASSERT_FALSE(reader.open(body));
  EXPECT_FALSE(reader.origin());
  EXPECT_EQ(reader.sample(0, 0), Sample(12.3));
  EXPECT_EQ(reader.time(0), (SeriesTime{1'700'000'000'123, 0}));
}

TEST(SeriesBody, OfARowThatDoesNotFitIsNone) {
  Failure failure;
  const Sample sample = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(encode_row(speed_layout(), {}, std::span(&sample, 1), failure).empty());
  EXPECT_EQ(failure.error, Errc::invalid_reading);
  EXPECT_THAT(failure.detail, testing::HasSubstr("speed = nan"));
}

TEST(SeriesBody, IsTheGoldenBytesOfTheFormat) {
  const Bytes body =
      seal_series({0x1122334455667788, 7}, row(speed_layout(), {1'000}, {1.5}), 0, {});
  const std::uint32_t id = speed_layout().id();
  const std::uint8_t expected[] = {16,
                                   0,
                                   0,
                                   0,
                                   'H',
                                   'F',
                                   'S',
                                   'R',  // root, identifier
                                   8,
                                   0,
                                   24,
                                   0,
                                   4,
                                   0,
                                   20,
                                   0,  // vtable
                                   8,
                                   0,
                                   0,
                                   0,  // table
                                   0x88,
                                   0x77,
                                   0x66,
                                   0x55,
                                   0x44,
                                   0x33,
                                   0x22,
                                   0x11,
                                   7,
                                   0,
                                   0,
                                   0,
                                   static_cast<std::uint8_t>(id),
                                   static_cast<std::uint8_t>(id >> 8),
                                   static_cast<std::uint8_t>(id >> 16),
                                   static_cast<std::uint8_t>(id >> 24),
                                   4,
                                   0,
                                   0,
                                   0,
                                   6,
                                   0,
                                   0,
                                   0,  // columns: where, how many
                                   1,
                                   0x11,
                                   0xD0,
                                   0x0F,
                                   30,
                                   0};
  ASSERT_EQ(body.size(), 50U - 1U);
  EXPECT_EQ(0, std::memcmp(body.data(), expected, 40));
}

TEST(SeriesBody, IsReadAlsoAsABuilderWritesIt) {
  const SeriesLayout layout = speed_layout();
  for (const std::uint64_t boot : {std::uint64_t{0}, std::uint64_t{42}}) {
    wire::SeriesT object;
    std::error_code error;
    const Bytes body = row(layout, {5, boot}, {1.5});
    const auto* series = verify<wire::Series>(body, error);
    ASSERT_NE(series, nullptr) << error.message();
    series->UnPackTo(&object);
    const auto again = pack<wire::Series>(object);
    SeriesReader reader(layout);
    ASSERT_FALSE(reader.open(as_payload(again)));
    EXPECT_EQ(reader.time(0), (SeriesTime{5, boot}));
  }
}

TEST(SeriesBody, IsTakenAtAnyPlaceInMemory) {
  const SeriesLayout layout = speed_layout();
  for (std::size_t shift = 0; shift < 9; ++shift) {
    Bytes shifted(shift);
    const Bytes body = row(layout, {5, 42}, {1.5});
    shifted.insert(shifted.end(), body.begin(), body.end());
    SeriesReader reader(layout);
    EXPECT_FALSE(reader.open(std::span(shifted).subspan(shift))) << shift;
  }
}

// --- Bad input -----------------------------------------------------------------------------------

TEST(SeriesBody, OfAnotherSchemaOrLayoutIsTold) {
  SeriesReader reader(speed_layout());
  EXPECT_EQ(reader.open(seal_envelope({1, 1}, {})), Errc::foreign_payload);
  EXPECT_EQ(reader.open(as_payload("{\"speed\": 12}")), Errc::foreign_payload);
  EXPECT_EQ(reader.open({}), Errc::malformed_payload);
  EXPECT_FALSE(is_series({}));
  EXPECT_FALSE(is_series(seal_envelope({1, 1}, {})));

  const SeriesLayout other = speed_layout(1s);
  const Bytes foreign = row(other, {5}, {1.5});
  EXPECT_EQ(reader.open(foreign), Errc::unknown_layout);
  EXPECT_EQ(reader.size(), 0U);
  std::error_code error;
  EXPECT_EQ(SeriesReader::layout_of(foreign, error), other.id());
  EXPECT_FALSE(SeriesReader::layout_of(as_payload("nothing at all"), error));
  EXPECT_EQ(error, Errc::foreign_payload);
}

TEST(SeriesBody, CutOffAtAnyByteIsRefused) {
  Random random(31);
  const SeriesLayout layout = test::random_layout(random);
  const Bytes whole = test::packed(layout, test::random_readings(random, layout, 20), {1, 1});
  SeriesReader reader(layout);
  ASSERT_FALSE(reader.open(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto error = reader.open(cut);
    ASSERT_TRUE(error == Errc::malformed_payload || error == Errc::foreign_payload) << size;
    ASSERT_EQ(reader.size(), 0U);
  }
}

TEST(SeriesBody, WithColumnsCutOffAtAnyByteIsRefused) {
  Random random(32);
  for (int i = 0; i < 50; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    const Bytes whole = test::packed(layout, test::random_readings(random, layout, 10), {1, 1});
    std::error_code error;
    const auto* series = verify<wire::Series>(whole, error);
    wire::SeriesT object;
    series->UnPackTo(&object);
    const auto columns = object.columns;
    SeriesReader reader(layout);
    for (std::size_t size = 0; size < columns.size(); ++size) {
      object.columns.assign(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(reader.open(as_payload(pack<wire::Series>(object))), Errc::malformed_payload)
          << size;
    }
  }
}

TEST(SeriesBody, WithBitsFlippedIsRefusedOrReadWithinItsBounds) {
  Random random(33);
  for (int i = 0; i < 200; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    Bytes changed = test::packed(layout, test::random_readings(random, layout, 12), {1, 1});
    SeriesReader reader(layout);
    for (int flip = 0; flip < 200; ++flip) {
      const auto at = test::below(random, changed.size());
      changed[at] ^= static_cast<std::byte>(1U << test::below(random, 8));
      if (reader.open(changed)) continue;
      ASSERT_LE(reader.size(), limits::kMaxSeriesRows);
      double sum = 0;
      for (const SeriesRow read : reader) {
        for (std::size_t c = 0; c < read.size(); ++c) sum += read[c].real();
      }
    }
  }
}

TEST(SeriesBody, WithoutItsPartsIsRefused) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  builder.AddElement<std::uint64_t>(wire::Series::VT_BOOT, 5, 0);
  builder.Finish(flatbuffers::Offset<wire::Series>(builder.EndTable(start)), "HFSR");
  SeriesReader reader(speed_layout());
  EXPECT_EQ(reader.open(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()))),
            Errc::malformed_payload);
}

TEST(SeriesBody, OfANewerReleaseIsReadAsFarAsItIsKnown) {
  const SeriesLayout layout(
      {{.name = "a", .kind = ChannelKind::integer}, {.name = "b", .kind = ChannelKind::integer}});
  wire::SeriesT object;
  object.head = std::make_unique<wire::SeriesHead>(1, 0, 1, layout.id());
  object.columns = {0x02, 0xF1, 0x01, 0x0A, 0x02, 0x99, 0x99, 0x0E, 0x55};  // and a byte behind
  SeriesReader reader(layout);
  ASSERT_FALSE(reader.open(as_payload(pack<wire::Series>(object))));
  EXPECT_EQ(reader.time(1).ms, 5);
  EXPECT_FALSE(reader.column(0).is_known());
  EXPECT_TRUE(reader.sample(1, 0).is_absent());
  EXPECT_TRUE(reader.column(1).is_known());
  EXPECT_EQ(reader.sample(1, 1), Sample(7));
}

// --- Merging -------------------------------------------------------------------------------------

TEST(SeriesMerge, IsTheSameAsPackingAtOnce) {
  Random random(41);
  for (int i = 0; i < 300; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    const auto readings = test::random_readings(random, layout, test::below(random, 40) + 2,
                                                test::below(random, 2) * 5);
    const auto merged = merge(rows_of(layout, readings));
    ASSERT_EQ(merged.count, readings.size());
    ASSERT_EQ(merged.body, test::packed(layout, readings));
  }
}

TEST(SeriesMerge, TakesBodiesThatHoldSeveralRows) {
  Random random(42);
  for (int i = 0; i < 200; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    const auto readings = test::random_readings(random, layout, 40);
    Bodies bodies;
    for (std::size_t begin = 0; begin < readings.size();) {
      const std::size_t end = std::min(readings.size(), begin + test::below(random, 12) + 1);
      bodies.push_back(test::packed(layout, {readings.begin() + static_cast<std::ptrdiff_t>(begin),
                                             readings.begin() + static_cast<std::ptrdiff_t>(end)}));
      begin = end;
    }
    const auto merged = merge(bodies);
    ASSERT_EQ(merged.count, bodies.size());
    ASSERT_EQ(merged.body, test::packed(layout, readings));
  }
}

TEST(SeriesMerge, TakesTheLongestPrefixThatFits) {
  Random random(43);
  for (int i = 0; i < 60; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    const auto readings = test::random_readings(random, layout, 60);
    const auto bodies = rows_of(layout, readings);
    const std::size_t bound = 60 + test::below(random, 1'500);
    const auto merged = merge(bodies, bound);
    std::size_t longest = 1;
    for (std::size_t count = 2; count <= readings.size(); ++count) {
      const std::vector<test::Reading> prefix(
          readings.begin(), readings.begin() + static_cast<std::ptrdiff_t>(count));
      if (test::packed(layout, prefix).size() <= bound) longest = count;
    }
    ASSERT_EQ(merged.count, longest) << "within " << bound;
    if (longest > 1) {
      ASSERT_LE(merged.body.size(), bound);
    }
  }
}

TEST(SeriesMerge, TakesTheFirstBodyWhateverTheBounds) {
  const SeriesLayout layout = speed_layout();
  const Bodies bodies = {row(layout, {1}, {1.0}), row(layout, {2}, {2.0})};
  const auto merged = merge(bodies, 1);
  EXPECT_EQ(merged.count, 1U);
  EXPECT_EQ(merged.body, bodies[0]);
  EXPECT_EQ(merge(bodies, kNoBound, 0).count, 1U);
  EXPECT_EQ(merge(bodies, kNoBound, 1).body, bodies[0]);
  EXPECT_EQ(merge(bodies, kNoBound, 2).count, 2U);
}

TEST(SeriesMerge, EndsAtAnotherLayoutClockOrSequence) {
  const SeriesLayout layout = speed_layout();
  const Bytes one = row(layout, {1}, {1.0});
  EXPECT_EQ(merge({one, one, row(speed_layout(1s), {1}, {1.0}), one}).count, 2U);
  EXPECT_EQ(merge({one, row(layout, {1, 7}, {1.0}), one}).count, 1U);
  EXPECT_EQ(merge({row(layout, {1, 7}, {1.0}), row(layout, {1, 8}, {1.0})}).count, 1U);
  const Bytes numbered = seal_series({5, 5}, one, 0, {});
  EXPECT_EQ(merge({one, numbered}).count, 1U);
  EXPECT_EQ(merge({numbered, one}).body, numbered);
}

TEST(SeriesMerge, EndsAtADamagedBodyAndLeavesADamagedFirstOneAlone) {
  const Bytes one = row(speed_layout(), {1}, {1.0});
  Bytes damaged = one;
  damaged[44] = std::byte{0};  // no rows
  const Bytes text(7, std::byte{'x'});
  EXPECT_EQ(merge({one, one, damaged, one}).count, 2U);
  EXPECT_EQ(merge({one, text}).count, 1U);
  for (const Bytes& first : {damaged, text, Bytes()}) {
    const auto merged = merge({first, one});
    EXPECT_EQ(merged.count, 1U);
    EXPECT_EQ(merged.body, first);
  }
}

TEST(SeriesMerge, StopsAtTheLimitOfRows) {
  const SeriesLayout layout = speed_layout();
  std::vector<test::Reading> readings(1'000, {{}, {1.0}});
  const Bytes thousand = test::packed(layout, readings);
  const auto merged = merge(Bodies(6, thousand));
  EXPECT_EQ(merged.count, 4U);
  SeriesReader reader(layout);
  ASSERT_FALSE(reader.open(merged.body));
  EXPECT_EQ(reader.size(), 4'000U);
}

// --- Sealing -------------------------------------------------------------------------------------

TEST(SeriesSeal, PutsTheOriginIn) {
  const SeriesLayout layout = speed_layout();
  const Bytes body = row(layout, {1'000}, {1.5});
  const Bytes sealed = seal_series({0x0123456789ABCDEF, 42}, body, 7, 1'700'000'000'000);
  EXPECT_EQ(sealed.size(), body.size());
  SeriesReader reader(layout);
  ASSERT_FALSE(reader.open(sealed));
  EXPECT_EQ(reader.origin(), (Origin{0x0123456789ABCDEF, 42}));
  EXPECT_EQ(reader.time(0), (SeriesTime{1'000, 0}));
}

TEST(SeriesSeal, ResolvesTimesOfThisBoot) {
  const SeriesLayout layout = speed_layout();
  const Bodies bodies = {row(layout, {1'000, 7}, {1.5}), row(layout, {3'500, 7}, {1.6})};
  const Bytes body = merge(bodies).body;
  EXPECT_EQ(times_of(layout, seal_series({1, 1}, body, 7, 1'700'000'000'000)),
            (std::vector<std::int64_t>{1'700'000'001'000, 1'700'000'003'500}));
  // Not known when it began, or another boot.
  const std::vector<std::int64_t> as_they_were = {1'000, 3'500};
  EXPECT_EQ(times_of(layout, seal_series({1, 1}, body, 7, std::nullopt), 7), as_they_were);
  EXPECT_EQ(times_of(layout, seal_series({1, 1}, body, 8, 1'700'000'000'000), 7), as_they_were);
  EXPECT_EQ(
      times_of(layout, seal_series({1, 1}, body, 7, std::numeric_limits<std::int64_t>::max()), 7),
      as_they_were);
}

TEST(SeriesSeal, IsWithinOneUnitWhereTimesAreCoarse) {
  const SeriesLayout layout = speed_layout(1min);
  for (std::int64_t ms = 0; ms < 200'000; ms += 1'777) {
    const std::int64_t began = 1'700'000'012'345;
    const auto times = times_of(layout, seal_series({1, 1}, row(layout, {ms, 7}, {1.5}), 7, began));
    EXPECT_LE(std::abs(times[0] - (began + ms)), 60'000);
  }
}

TEST(SeriesSeal, NeverGrowsABody) {
  Random random(51);
  for (int i = 0; i < 500; ++i) {
    const SeriesLayout layout = test::random_layout(random);
    auto readings = test::random_readings(random, layout, test::below(random, 60) + 1, 7);
    for (auto& reading : readings) reading.time.ms -= 1'690'000'000'000;
    const Bytes body = test::packed(layout, readings);
    const Bytes sealed = seal_series({random(), 1}, body, 7, 1'700'000'000'000);
    ASSERT_LE(sealed.size(), body.size());
    SeriesReader reader(layout);
    ASSERT_FALSE(reader.open(sealed));
    ASSERT_EQ(reader.boot(), 0U);
  }
}

TEST(SeriesSeal, LeavesWhatIsNoSeriesAsItIs) {
  for (const char* text : {"", "x", "a text that is no series at all"}) {
    const auto bytes = as_payload(text);
    EXPECT_EQ(seal_series({1, 1}, bytes, 0, {}), Bytes(bytes.begin(), bytes.end()));
  }
}

}  // namespace
}  // namespace holdfast::payload
