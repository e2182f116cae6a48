// Does a state document carry its body and its version, and is a damaged one refused?

#include <gtest/gtest.h>

#include <array>

#include <holdfast/message.hpp>
#include <holdfast/state_document.hpp>

#include "command_generated.h"
#include "reading_generated.h"

namespace holdfast {
namespace {

std::vector<std::byte> reading() {
  ReadingT reading;
  reading.speed_cm_s = 1'234;
  const auto buffer = pack<Reading>(reading);
  const auto bytes = as_payload(buffer);
  return {bytes.begin(), bytes.end()};
}

TEST(StateDocument, CarriesItsBodyAndItsVersions) {
  const auto sealed = seal_state(0x0123456789ABCDEF, reading(), 7);
  StateBody state;
  ASSERT_FALSE(open_state(sealed, state));
  EXPECT_EQ(state.version, 0x0123456789ABCDEFU);
  EXPECT_EQ(state.seen, 7U);
  std::error_code error;
  const Reading* root = verify<Reading>(state.bytes, error);
  ASSERT_NE(root, nullptr) << error.message();
  EXPECT_EQ(root->speed_cm_s(), 1'234);
}

TEST(StateDocument, CostsAtMostSixtyFourBytes) {
  EXPECT_LE(seal_state(1, reading(), 1).size(), reading().size() + 64);
}

TEST(StateDocument, RefusesAnEnvelopeAPlainBodyAndDamage) {
  StateBody state;
  EXPECT_EQ(open_state(seal_envelope({1, 1}, reading()), state), Errc::foreign_payload);
  EXPECT_EQ(open_state(reading(), state), Errc::foreign_payload);
  auto sealed = seal_state(1, reading());
  sealed.resize(sealed.size() - 5);
  EXPECT_EQ(open_state(sealed, state), Errc::malformed_payload);
  EXPECT_EQ(open_state({}, state), Errc::malformed_payload);
}

TEST(StateDocument, RefusesOneWithoutVersionOrBodyAndOneThatIsTooLong) {
  StateBody state;
  EXPECT_EQ(open_state(seal_state(0, reading()), state), Errc::malformed_payload);
  EXPECT_EQ(open_state(seal_state(1, {}), state), Errc::malformed_payload);
  const std::vector<std::byte> most(limits::kMaxStateBytes);
  EXPECT_FALSE(open_state(seal_state(1, most), state));
  const std::vector<std::byte> more(limits::kMaxStateBytes + 1);
  EXPECT_EQ(open_state(seal_state(1, more), state), Errc::payload_too_large);
}

// Written by 0.1.0. If this fails, the format has changed: see docs/formats/state_document.md.
TEST(StateDocument, OfThisReleaseIsReadFromItsBytes) {
  constexpr std::array<std::uint8_t, 64> kGolden{
      0x18, 0x00, 0x00, 0x00, 0x48, 0x46, 0x53, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x0A, 0x00, 0x1C, 0x00, 0x08, 0x00, 0x04, 0x00, 0x10, 0x00, 0x0A, 0x00,
      0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x04, 0x00, 0x00, 0x00, 0x61, 0x62, 0x63, 0x64, 0x00, 0x00, 0x00, 0x00};
  StateBody state;
  ASSERT_FALSE(open_state(std::as_bytes(std::span(kGolden)), state));
  EXPECT_EQ(state.version, 258U);
  EXPECT_EQ(state.seen, 3U);
  EXPECT_EQ(as_text(state.bytes), "abcd");
}

}  // namespace
}  // namespace holdfast
