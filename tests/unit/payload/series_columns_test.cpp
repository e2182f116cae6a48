#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "payload/series_columns.hpp"
#include "unit/payload/series_support.hpp"

namespace holdfast::payload {
namespace {

using test::Random;
using Numbers = std::vector<std::int64_t>;

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

// The id of a layout of so many channels, with times in milliseconds.
std::uint32_t layout_of(std::size_t channels) {
  return static_cast<std::uint32_t>(channels - 1) << 3;
}

std::vector<std::byte> encode(std::size_t rows, std::span<const ColumnView> columns) {
  ColumnEncoder encoder;
  const std::size_t size = encoder.plan(rows, columns);
  std::vector<std::byte> bytes(size + kBitSlack);
  encoder.write(reinterpret_cast<std::uint8_t*>(bytes.data()));
  bytes.resize(size);
  return bytes;
}

std::vector<std::byte> encode(const Numbers& times, const Numbers& channel,
                              const std::vector<std::uint8_t>& present = {}) {
  const ColumnView columns[] = {{times, {}}, {channel, present}};
  return encode(times.size(), columns);
}

Form form_of(const std::vector<std::byte>& bytes, std::size_t column) {
  const auto forms = static_cast<unsigned>(bytes[1 + column / 2]);
  return static_cast<Form>(forms >> (column % 2 * 4) & 0xF);
}

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(SeriesForm, OfEachKindComesBackAsItWasWritten) {
  const std::pair<Form, Numbers> cases[] = {
      {Form::constant, {7, 7, 7, 7}},
      {Form::plain, {1'000'007, 1'000'000, 1'000'005, 1'000'001, 1'000'006, 1'000'000}},
      {Form::delta, {0, 1'000'003, 2'000'001, 3'000'000, 4'000'003, 5'000'001, 6'000'004}},
      {Form::delta2, {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144}},
      {Form::raw8, {-128, 127, -3}},
      {Form::raw16, {-32'768, 32'767, -300}},
      {Form::raw32, {-2'147'483'648, 2'147'483'647, 5}},
      {Form::raw64, {kLeast, kMost, 0, kMost / 3, -1, kLeast / 5, 77}},
      {Form::raw_u8, {0, 255, 0}},
      {Form::raw_u16, {0, 65'535, 1}},
      {Form::raw_u32, {0, 4'294'967'295, 3, 2'000'000'000, 77, 3'333'333'333, 5}},
  };
  for (const auto& [form, numbers] : cases) {
    const Numbers times(numbers.size(), 5);
    const auto bytes = encode(times, numbers);
    EXPECT_EQ(form_of(bytes, 1), form);
    DecodedColumns out;
    ASSERT_TRUE(decode_columns(bytes, layout_of(1), out)) << static_cast<int>(form);
    EXPECT_EQ(Numbers(out.column(1).begin(), out.column(1).end()), numbers);
  }
}

TEST(SeriesForm, WithCodesKeepsAFewLargeStepsFromCostingTheOthers) {
  Numbers heading;
  Numbers climbing;
  for (int i = 0; i < 60; ++i) {
    heading.push_back(35'990 + i % 3);
    climbing.push_back(i * 1'000 + (i / 20) * 500'000'000);
  }
  heading[30] = 1;
  EXPECT_EQ(form_of(encode(Numbers(60, 0), heading), 1), Form::golomb_delta);
  EXPECT_EQ(form_of(encode(Numbers(60, 0), climbing), 1), Form::golomb_delta2);
  DecodedColumns out;
  ASSERT_TRUE(decode_columns(encode(climbing, heading), layout_of(1), out));
  EXPECT_EQ(Numbers(out.column(0).begin(), out.column(0).end()), climbing);
  EXPECT_EQ(Numbers(out.column(1).begin(), out.column(1).end()), heading);
}

TEST(SeriesForm, TakesExactlyThePlannedBytesForAnyNumbers) {
  Random random(1);
  std::set<Form> seen;
  for (int i = 0; i < 20'000; ++i) {
    const auto numbers = test::random_numbers(random, test::below(random, 70) + 1);
    const Plan plan = plan_form(numbers);
    seen.insert(plan.form);
    std::vector<std::uint8_t> bytes(plan.bytes + kBitSlack);
    ASSERT_EQ(write_form(plan, numbers, bytes.data()), bytes.data() + plan.bytes)
        << static_cast<int>(plan.form);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(plan.bytes), bytes.end(), 0xFF);
    Cursor cursor(bytes.data(), bytes.data() + plan.bytes);
    Numbers read(numbers.size());
    ASSERT_TRUE(read_form(plan.form, cursor, read)) << static_cast<int>(plan.form);
    ASSERT_EQ(cursor.left(), 0U);
    ASSERT_EQ(read, numbers) << static_cast<int>(plan.form);
  }
  EXPECT_EQ(seen.size(), 13U) << "not every form was the smallest once";
}

TEST(SeriesForm, NeverShrinksWhenAValueIsAdded) {
  // Merging looks for the longest prefix that fits by halving, and rests on this.
  Random random(2);
  for (int i = 0; i < 2'000; ++i) {
    const auto numbers = test::random_numbers(random, 40);
    std::size_t before = 0;
    for (std::size_t count = 0; count <= numbers.size(); ++count) {
      const std::size_t bytes = plan_form(std::span(numbers).first(count)).bytes;
      ASSERT_GE(bytes, before) << "the first " << count;
      before = bytes;
    }
  }
}

TEST(SeriesForm, IsTheSmallestOrderOfItsGolombCode) {
  Random random(3);
  int tried = 0;
  for (int i = 0; i < 5'000; ++i) {
    const auto numbers = test::random_numbers(random, 50);
    Plan plan = plan_form(numbers);
    if (plan.form != Form::golomb_delta) continue;
    ++tried;
    for (unsigned order = 0; order <= kGolombBits; ++order) {
      Plan other = plan;
      other.width = order;
      std::vector<std::uint8_t> bytes(numbers.size() * 16 + 64);
      const auto* end = write_form(other, numbers, bytes.data());
      ASSERT_LE(plan.bytes, static_cast<std::size_t>(end - bytes.data())) << order;
    }
  }
  EXPECT_GT(tried, 50);
}

TEST(SeriesColumns, ComeBackWithTheirAbsences) {
  Random random(4);
  for (int i = 0; i < 5'000; ++i) {
    const std::size_t rows = test::below(random, 40) + 1;
    const std::size_t channels = test::below(random, 8) + 1;
    std::vector<Numbers> values;
    std::vector<std::vector<std::uint8_t>> present;
    for (std::size_t c = 0; c <= channels; ++c) {
      values.push_back(c == 0 ? Numbers(rows, 1) : test::random_numbers(random, rows));
      const bool same = c > 1 && test::below(random, 2) == 0;
      present.push_back(c == 0 ? std::vector<std::uint8_t>() : test::random_presence(random, rows));
      if (same) present[c] = present[c - 1];
    }
    std::vector<ColumnView> views;
    for (std::size_t c = 0; c <= channels; ++c) views.push_back({values[c], present[c]});
    const auto bytes = encode(rows, views);
    DecodedColumns out;
    ASSERT_TRUE(decode_columns(bytes, layout_of(channels), out));
    ASSERT_EQ(out.rows, rows);
    for (std::size_t c = 0; c <= channels; ++c) {
      for (std::size_t row = 0; row < rows; ++row) {
        const bool there = present[c].empty() || present[c][row] != 0;
        ASSERT_EQ(out.presence(c).empty() || out.presence(c)[row] != 0, there);
        ASSERT_EQ(out.column(c)[row], there ? values[c][row] : 0);
      }
    }
  }
}

TEST(SeriesColumns, PayForAbsencesOnlyWhereThereAreSome) {
  const Numbers times(20, 5);
  Numbers values(20);
  for (std::size_t i = 0; i < 20; ++i)
    values[i] = static_cast<std::int64_t>(i * i * i * 7919 % 1'000);
  std::vector<std::uint8_t> present(20, 1);
  const std::size_t dense = encode(times, values).size();
  EXPECT_EQ(encode(times, values, present).size(), dense);
  present[3] = 0;
  EXPECT_LE(encode(times, values, present).size(), dense + 4);  // a byte, and a bit a row
  const std::vector<std::uint8_t> never(20, 0);
  EXPECT_EQ(encode(times, values, never).size(), encode(times, Numbers(20, 0)).size() - 1);
}

TEST(SeriesColumns, ThatAreAbsentTogetherShareOneBitmap) {
  const Numbers times(64, 5);
  std::vector<std::uint8_t> no_fix(64, 1);
  no_fix[9] = no_fix[10] = 0;
  const Numbers level(64, 3);
  const ColumnView one[] = {{times, {}}, {level, no_fix}};
  const ColumnView two[] = {{times, {}}, {level, no_fix}, {level, no_fix}};
  EXPECT_EQ(encode(64, two).size(), encode(64, one).size() + 1 + 2);  // forms, head and value
}

TEST(SeriesColumns, AreTheGoldenBytesOfTheFormat) {
  // docs/formats/series.md explains these bytes one by one.
  const Numbers times = {1'000, 2'000, 3'000, 4'000};
  const Numbers speed = {10, 12, 11, 10};
  const Numbers fuel = {500, 0, 0, 500};
  const std::uint8_t fuel_is_there[] = {1, 0, 0, 1};
  const ColumnView columns[] = {{times, {}}, {speed, {}}, {fuel, fuel_is_there}};
  EXPECT_EQ(encode(4, columns), bytes_of({
                                    0x04,                          // rows
                                    0x23, 0x0E,                    // forms: delta, plain; sparse
                                    0x00, 0xD0, 0x0F, 0xD0, 0x0F,  // times
                                    0x02, 0x14, 0x18,              // speed
                                    0x01, 0x09, 0xE8, 0x07,        // fuel
                                }));
}

TEST(SeriesColumns, SkipAFormOfANewerRelease) {
  // Two channels, the first in a form that nobody here knows: four bytes.
  const auto bytes = bytes_of({0x02, 0xF1, 0x01, 0x0A, 0x04, 0x99, 0x99, 0x99, 0x99, 0x0E});
  DecodedColumns out;
  ASSERT_TRUE(decode_columns(bytes, layout_of(2), out));
  EXPECT_EQ(out.states[1], ColumnState::unknown);
  EXPECT_EQ(out.presence(1)[0], 0);
  EXPECT_EQ(out.column(2)[1], 7);
  EXPECT_FALSE(out.is_known());
  auto longer = bytes;
  longer[4] = std::byte{0x7F};
  EXPECT_FALSE(decode_columns(longer, layout_of(2), out));
}

TEST(SeriesColumns, RefuseMoreRowsThanTheLimit) {
  DecodedColumns out;
  // Constant columns, which claim a million rows in a few bytes.
  EXPECT_FALSE(decode_columns(bytes_of({0xC0, 0x84, 0x3D, 0x11, 0x02, 0x02}), layout_of(1), out));
  EXPECT_EQ(out.values.capacity(), 0U);
  EXPECT_FALSE(decode_columns(bytes_of({0x81, 0x20, 0x11, 0x02, 0x02}), layout_of(1), out));
  EXPECT_TRUE(decode_columns(bytes_of({0x80, 0x20, 0x11, 0x02, 0x02}), layout_of(1), out));
  EXPECT_EQ(out.rows, limits::kMaxSeriesRows);
}

TEST(SeriesColumns, RefuseWhatIsNoColumn) {
  DecodedColumns out;
  const std::uint32_t one = layout_of(1);
  EXPECT_FALSE(decode_columns({}, one, out));
  EXPECT_FALSE(decode_columns(bytes_of({0x00, 0x11, 0x02, 0x02}), one, out)) << "no rows";
  EXPECT_FALSE(decode_columns(bytes_of({0x01, 0x10, 0x02}), one, out)) << "no times";
  EXPECT_FALSE(decode_columns(bytes_of({0x01, 0x1E, 1, 1, 2, 2}), one, out)) << "sparse times";
  EXPECT_FALSE(decode_columns(bytes_of({0x01, 0x1F, 0, 2}), one, out)) << "times of a newer form";
  EXPECT_FALSE(decode_columns(bytes_of({0x01, 0xE1, 2, 0x11, 2}), one, out))
      << "no bitmap to share";
  EXPECT_FALSE(decode_columns(bytes_of({0x01, 0xE1, 2, 0x01, 0, 2}), one, out))
      << "an empty bitmap";
  EXPECT_FALSE(decode_columns(bytes_of({0x01, 0xE1, 2, 0x0E, 1, 1, 1, 2}), one, out)) << "nested";
  EXPECT_FALSE(decode_columns(
      bytes_of({0x02, 0x21, 2, 65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
      one, out))
      << "a width of 65 bits";
  EXPECT_FALSE(decode_columns(bytes_of({0x01, 0x41, 2, 0, 0, 0, 0}), one, out))
      << "a change of step in one row";
  EXPECT_FALSE(decode_columns(
      bytes_of({0x01, 0x11, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}), one,
      out))
      << "a number of 65 bits";
  EXPECT_FALSE(
      decode_columns(bytes_of({0x02, 0x51, 2, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), one, out))
      << "a code without an end";
}

TEST(SeriesColumns, RefuseTimesBeyondMillisecondsOf64Bits) {
  const auto time = [](std::int64_t ms) { return encode({ms}, {0}); };
  DecodedColumns out;
  EXPECT_TRUE(decode_columns(time(kMost), layout_of(1), out));
  EXPECT_TRUE(decode_columns(time(kLeast), layout_of(1), out));
  const std::uint32_t seconds = layout_of(1) | 3;
  EXPECT_TRUE(decode_columns(time(kMost / 1'000), seconds, out));
  EXPECT_TRUE(decode_columns(time(kLeast / 1'000), seconds, out));
  EXPECT_FALSE(decode_columns(time(kMost / 1'000 + 1), seconds, out));
  EXPECT_FALSE(decode_columns(time(kLeast / 1'000 - 1), seconds, out));
}

}  // namespace
}  // namespace holdfast::payload
