// Is what is kept of a state document read again as the same, also by the next release?

#include "twin/kept_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

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
  constexpr std::array<std::uint8_t, 96> kGolden{
      0x1C, 0x00, 0x00, 0x00, 0x48, 0x46, 0x53, 0x4B, 0x00, 0x00, 0x12, 0x00, 0x28, 0x00,
      0x08, 0x00, 0x14, 0x00, 0x0C, 0x00, 0x1C, 0x00, 0x10, 0x00, 0x06, 0x00, 0x07, 0x00,
      0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x34, 0x00, 0x00, 0x00, 0x28, 0x00,
      0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00,
      0x00, 0x00, 0x64, 0x65, 0x66, 0x67, 0x68, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
      0x61, 0x62, 0x63, 0x00, 0x01, 0x00, 0x00, 0x00, 0x74, 0x00, 0x00, 0x00};
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
