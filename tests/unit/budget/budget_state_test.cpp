// Is what is kept of the month read again as the same, also by the next release?

#include "budget/budget_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/payload.hpp>

#include "budget_state_generated.h"

#include <array>

namespace holdfast::budget {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

BudgetState sample() {
  return {.month_begins = 1'796'083'200,
          .used = 7'654'321,
          .undated = 1'234,
          .elapsed = 86'400s,
          .told = 3,
          .step = 2,
          .last_month_begins = 1'793'491'200,
          .last_month_used = 9'876'543,
          .last_month_told = 11};
}

TEST(BudgetState, IsReadAsItWasWritten) {
  std::string why;
  const auto read = decode_state(encode_state(sample()), why);
  ASSERT_TRUE(read) << why;
  EXPECT_EQ(*read, sample());
  EXPECT_EQ(decode_state(encode_state({}), why), BudgetState());
}

// Written by 0.1.0. If this fails, the format has changed: see docs/formats/budget_state.md.
TEST(BudgetState, OfThisReleaseIsReadFromItsBytes) {
  constexpr std::array<std::uint8_t, 96> kGolden{
      0x20, 0x00, 0x00, 0x00, 0x48, 0x46, 0x42, 0x47, 0x00, 0x00, 0x16, 0x00, 0x40, 0x00,
      0x10, 0x00, 0x18, 0x00, 0x20, 0x00, 0x28, 0x00, 0x08, 0x00, 0x07, 0x00, 0x30, 0x00,
      0x38, 0x00, 0x0C, 0x00, 0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x00,
      0x00, 0x00, 0x0B, 0x00, 0x00, 0x00, 0x00, 0x0E, 0x0E, 0x6B, 0x00, 0x00, 0x00, 0x00,
      0xB1, 0xCB, 0x74, 0x00, 0x00, 0x00, 0x00, 0x00, 0xD2, 0x04, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x80, 0x51, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x81, 0xE6, 0x6A,
      0x00, 0x00, 0x00, 0x00, 0x3F, 0xB4, 0x96, 0x00, 0x00, 0x00, 0x00, 0x00};
  std::string why;
  const auto read = decode_state(kGolden, why);
  ASSERT_TRUE(read) << why;
  EXPECT_EQ(*read, sample());
}

TEST(BudgetState, RefusesWhatIsNone) {
  std::string why;
  const std::array<std::uint8_t, 12> noise{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  EXPECT_FALSE(decode_state(noise, why));
  EXPECT_THAT(why, HasSubstr("not a budget state"));
  auto bytes = encode_state(sample());
  bytes.resize(bytes.size() - 9);
  EXPECT_FALSE(decode_state(bytes, why));
}

// As another hand would write it; our own keeps to the bounds.
std::vector<std::uint8_t> encode_as_is(const BudgetState& state) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(
      wire::CreateBudgetState(builder, state.month_begins, state.used, state.undated,
                              static_cast<std::uint64_t>(state.elapsed.count()), state.told,
                              static_cast<std::uint8_t>(state.step), state.last_month_begins,
                              state.last_month_used, state.last_month_told),
      Schema<wire::BudgetState>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

TEST(BudgetState, KeepsItsSumsWithinWhatCanBeRead) {
  BudgetState state = sample();
  state.used = std::uint64_t{1} << 61;
  state.undated = std::uint64_t{1} << 61;
  state.last_month_used = std::uint64_t{1} << 61;
  state.elapsed = 24h * 100;
  std::string why;
  EXPECT_TRUE(decode_state(encode_state(state), why)) << why;
}

TEST(BudgetState, RefusesWhatCannotBe) {
  std::string why;
  for (const auto& change : std::initializer_list<void (*)(BudgetState&)>{
           [](BudgetState& s) { s.undated = s.used + 1; },
           [](BudgetState& s) { s.used = std::uint64_t{1} << 61; },
           [](BudgetState& s) { s.last_month_used = std::uint64_t{1} << 61; },
           [](BudgetState& s) { s.elapsed = 24h * 100; }, [](BudgetState& s) { s.step = 7; }}) {
    BudgetState state = sample();
    change(state);
    EXPECT_FALSE(decode_state(encode_as_is(state), why));
    EXPECT_NE(why, "");
  }
}

}  // namespace
}  // namespace holdfast::budget
