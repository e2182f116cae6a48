// Is a status read as it was written, also by the next release, and is the will small?

#include "presence/status_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(StatusDocument, IsReadAsItWasWritten) {
  std::string why;
  for (const StatusDocument& status : {StatusDocument(), absent(), present()}) {
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
