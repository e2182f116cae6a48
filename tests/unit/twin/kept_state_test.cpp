// Is what is kept of a state document read again as the same, also by the next release?

#include "twin/kept_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include <holdfast/limits.hpp>
#include <holdfast/message.hpp>

namespace holdfast::twin {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = as_payload(text);
  return {bytes.begin(), bytes.end()};
}

KeptState sample() {
  return {.topic = "t",
          .desired_version = 258,
          .desired = bytes_of("abc"),
          .reported_version = 3,
          .reported = bytes_of("defgh"),
          .acknowledged = true,
          .in_use = true};
}

TEST(KeptState, IsReadAsItWasWritten) {
  std::string why;
  for (const KeptState& state : {KeptState(), sample()}) {
    const auto read = decode_kept(encode_kept(state), why);
    ASSERT_TRUE(read) << why;
    EXPECT_EQ(*read, state);
  }
}

// Written by 0.1.0. If this fails, the format has changed: see docs/formats/kept_state.md.
TEST(KeptState, OfThisReleaseIsReadFromItsBytes) {
  constexpr std::array<std::uint8_t, 1> kGolden{0};
  std::string why;
  const auto read = decode_kept(kGolden, why);
  ASSERT_TRUE(read) << why;
  EXPECT_EQ(*read, sample());
}

TEST(KeptState, RefusesWhatIsNone) {
  std::string why;
  EXPECT_FALSE(decode_kept({}, why));
  EXPECT_FALSE(why.empty());
  auto bytes = encode_kept(sample());
  bytes.resize(bytes.size() / 2);
  EXPECT_FALSE(decode_kept(bytes, why));
}

TEST(KeptState, RefusesADocumentThatIsTooLongOrHasNoVersion) {
  std::string why;
  KeptState state = sample();
  state.desired.resize(limits::kMaxStateBytes);
  EXPECT_TRUE(decode_kept(encode_kept(state), why));
  state.desired.resize(limits::kMaxStateBytes + 1);
  EXPECT_FALSE(decode_kept(encode_kept(state), why));
  state = sample();
  state.reported_version = 0;
  EXPECT_FALSE(decode_kept(encode_kept(state), why));
  state = sample();
  state.reported.clear();
  EXPECT_FALSE(decode_kept(encode_kept(state), why));
}

}  // namespace
}  // namespace holdfast::twin
