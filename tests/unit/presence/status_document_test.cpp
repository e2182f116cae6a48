// Is a status read as it was written, also by the next release, and is the will small?

#include "presence/status_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

#include "status_generated.h"

namespace holdfast::presence {
namespace {

pinning::Pin pin_of(std::uint8_t first) {
  pinning::Pin pin;
  for (std::size_t n = 0; n < pin.digest.size(); ++n) {
    pin.digest[n] = static_cast<std::uint8_t>(first + n);
  }
  return pin;
}

StatusDocument absent() {
  StatusDocument status;
  status.written = 1'795'700'000;
  status.pins = {prefix_of(pin_of(0x10)), prefix_of(pin_of(0x20))};
  status.pin_set_version = 3;
  return status;
}

StatusDocument present() {
  StatusDocument status = absent();
  status.online = true;
  status.sdk_version = 0x000100;
  status.pin_set_proven = false;
  status.vouching = pin_of(0x10);
  status.candidates = {{prefix_of(pin_of(0x30)), true}, {prefix_of(pin_of(0x40)), false}};
  status.boot = 0xDEADBEEF;
  status.since = 1'795'600'000;
  status.bytes_up = 123'456'789'012;
  status.bytes_down = 98'765;
  status.connections = 42;
  status.full_handshakes = 7;
  status.resumed_handshakes = 35;
  return status;
}

// With what came after the golden bytes were written.
StatusDocument full() {
  StatusDocument status = present();
  status.permille_by_cause = {91, 92, 93, 94, 95, 96, 97, 98, 244};
  status.budget = {
      .used = 41'000'000, .allowance = 50'000'000, .admission = Admission::urgent_only};
  return status;
}

TEST(StatusDocument, IsReadAsItWasWritten) {
  std::string why;
  for (const StatusDocument& status : {StatusDocument(), absent(), present(), full()}) {
    const auto read = decode_status(encode_status(status), why);
    ASSERT_TRUE(read) << why;
    EXPECT_EQ(*read, status);
  }
}

TEST(StatusDocument, OfAnAbsentDeviceFitsIntoSeventyTwoBytes) {
  // Every connection pays for it. Two pins, a version, a time.
  EXPECT_LE(encode_status(absent()).size(), 72U);
  // A device that has no signed sets and no clock.
  StatusDocument least;
  least.pins = absent().pins;
  EXPECT_LE(encode_status(least).size(), 48U);
}

TEST(StatusDocument, IsReadFromAnOddAddress) {
  auto bytes = encode_status(present());
  bytes.insert(bytes.begin(), std::byte{0});
  std::string why;
  EXPECT_TRUE(decode_status(std::span(bytes).subspan(1), why)) << why;
}

TEST(StatusDocument, TakesNumbersThatDoNotFitAsTheLargest) {
  StatusDocument status = present();
  status.connections = std::uint64_t{1} << 40;
  std::string why;
  EXPECT_EQ(decode_status(encode_status(status), why)->connections, 0xFFFF'FFFFU);
}

TEST(StatusDocument, TheBillByCauseAndTheBudgetTakeEightyBytesAtMost) {
  EXPECT_LE(encode_status(full()).size(), encode_status(present()).size() + 80U);
}

TEST(StatusDocument, OfALaterReleaseIsReadAsFarAsItIsKnown) {
  flatbuffers::FlatBufferBuilder builder;
  const auto causes = builder.CreateVector(std::vector<std::uint16_t>(kCauses + 2, 9));
  const wire::BudgetMark budget(1, 2, 200);
  wire::DeviceStatusBuilder table(builder);
  table.add_online(true);
  table.add_permille_by_cause(causes);
  table.add_budget(&budget);
  builder.Finish(table.Finish(), Schema<wire::DeviceStatus>::identifier.data());
  std::string why;
  const auto read =
      decode_status(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())), why);
  ASSERT_TRUE(read) << why;
  ASSERT_TRUE(read->permille_by_cause);
  EXPECT_THAT(*read->permille_by_cause, testing::Each(9U));
  ASSERT_TRUE(read->budget);
  EXPECT_EQ(read->budget->admission, Admission::nothing);
}

// Written by 0.1.0. If these fail, the format has changed: see docs/formats/status.md.
TEST(StatusDocument, OfThisReleaseIsReadFromItsBytes) {
  constexpr std::array<std::uint8_t, 64> kAbsent{
      0x14, 0x00, 0x00, 0x00, 0x48, 0x46, 0x53, 0x54, 0x0C, 0x00, 0x18, 0x00, 0x00,
      0x00, 0x04, 0x00, 0x08, 0x00, 0x0C, 0x00, 0x0C, 0x00, 0x00, 0x00, 0x20, 0x35,
      0x08, 0x6B, 0x10, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x10, 0x11, 0x12, 0x13,
      0x14, 0x15, 0x16, 0x17, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27};
  constexpr std::array<std::uint8_t, 192> kPresent{
      0x2C, 0x00, 0x00, 0x00, 0x48, 0x46, 0x53, 0x54, 0x00, 0x00, 0x22, 0x00, 0x68, 0x00, 0x06,
      0x00, 0x08, 0x00, 0x0C, 0x00, 0x4C, 0x00, 0x10, 0x00, 0x07, 0x00, 0x14, 0x00, 0x34, 0x00,
      0x38, 0x00, 0x3C, 0x00, 0x54, 0x00, 0x5C, 0x00, 0x40, 0x00, 0x44, 0x00, 0x48, 0x00, 0x22,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x20, 0x35, 0x08, 0x6B, 0x74, 0x00, 0x00, 0x00,
      0x00, 0x01, 0x00, 0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A,
      0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29,
      0x2A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x34, 0x00, 0x00, 0x00, 0xEF, 0xBE, 0xAD, 0xDE, 0x80,
      0xAE, 0x06, 0x6B, 0x2A, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x23, 0x00, 0x00, 0x00,
      0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x1A, 0x99, 0xBE, 0x1C, 0x00, 0x00,
      0x00, 0xCD, 0x81, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00,
      0x00, 0x00, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x01, 0x40, 0x41, 0x42, 0x43,
      0x44, 0x45, 0x46, 0x47, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x10, 0x11, 0x12, 0x13,
      0x14, 0x15, 0x16, 0x17, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27};
  std::string why;
  EXPECT_EQ(decode_status(std::as_bytes(std::span(kAbsent)), why), absent());
  EXPECT_EQ(decode_status(std::as_bytes(std::span(kPresent)), why), present());
}

TEST(StatusDocument, RefusesWhatIsNone) {
  std::string why;
  EXPECT_FALSE(decode_status({}, why));
  EXPECT_FALSE(why.empty());
  EXPECT_FALSE(decode_status(as_payload("{\"online\": true}"), why));
  auto bytes = encode_status(present());
  bytes.resize(bytes.size() - 9);
  EXPECT_FALSE(decode_status(bytes, why));
}

TEST(StatusDocument, RefusesMorePinsThanAnySetHas) {
  StatusDocument status = absent();
  status.pins.assign(4 * limits::kMaxPins + 1, PinPrefix());
  std::string why;
  EXPECT_FALSE(decode_status(encode_status(status), why));
  EXPECT_THAT(why, testing::HasSubstr("more pins"));
}

}  // namespace
}  // namespace holdfast::presence
