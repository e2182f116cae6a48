// The broker that another one names, in CONNACK and in DISCONNECT.

#include "mqtt/server_reference.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <holdfast/limits.hpp>

namespace holdfast::mqtt_engine {
namespace {

using namespace std::string_literals;

std::string text(std::string_view value) {
  const std::string length{static_cast<char>(value.size() >> 8),
                           static_cast<char>(value.size() & 0xFF)};
  return length + std::string(value);
}

std::string with_length(char first, const std::string& body) {
  std::string packet(1, first);
  std::size_t left = body.size();
  do {
    packet += static_cast<char>((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  return packet + body;
}

std::string properties(const std::string& body) {
  return with_length(0, body).substr(1);
}

std::string reference(std::string_view to) {
  return "\x1C" + text(to);
}

std::string connack(char reason, const std::string& with) {
  return with_length('\x20', std::string("\0", 1) + reason + properties(with));
}

std::string disconnect(char reason, const std::string& with) {
  return with_length('\xE0', reason + properties(with));
}

std::optional<std::string> found(const std::string& packet) {
  ServerReferenceReader reader;
  reader.listen();
  return reader.take(std::as_bytes(std::span(packet)), true);
}

TEST(ServerReference, IsFoundInConnackAndInDisconnect) {
  EXPECT_EQ(found(connack('\x9C', reference("b.example.com:8884"))), "b.example.com:8884");
  EXPECT_EQ(found(connack('\x9D', reference("b"))), "b");
  EXPECT_EQ(found(disconnect('\x9C', reference("b"))), "b");
  EXPECT_EQ(found(disconnect('\x9D', reference("b"))), "b");
}

TEST(ServerReference, IsFoundAmongAllOtherProperties) {
  const std::string others = "\x11\x00\x00\x00\x05"s + "\x21\x00\x10"s + "\x24\x01"s +
                             "\x27\x00\x01\x00\x00"s + "\x12"s + text("id") + "\x1F" + text("why") +
                             "\x26" + text("a") + text("b") + "\x16" + text("\x01") +
                             "\x0B\x80\x01"s;
  EXPECT_EQ(found(connack('\x9C', others + reference("b") + others)), "b");
}

TEST(ServerReference, IsPutTogetherFromPieces) {
  const std::string packet = disconnect('\x9D', reference("broker-b"));
  ServerReferenceReader reader;
  reader.listen();
  for (int round = 0; round < 2; ++round) {
    for (std::size_t n = 0; n + 1 < packet.size(); ++n) {
      ASSERT_FALSE(reader.take(std::as_bytes(std::span(packet).subspan(n, 1)), false));
    }
    EXPECT_EQ(reader.take(std::as_bytes(std::span(packet).last(1)), true), "broker-b");
  }
}

TEST(ServerReference, CountsWithItsTwoReasonsAlone) {
  EXPECT_FALSE(found(connack('\0', reference("b"))));
  EXPECT_FALSE(found(connack('\x88', reference("b"))));
  EXPECT_FALSE(found(disconnect('\x8B', reference("b"))));
}

TEST(ServerReference, IsNothingInAPacketWithoutOne) {
  EXPECT_FALSE(found("\x20\x02\x00\x9C"s));  // no properties
  EXPECT_FALSE(found(connack('\x9C', "")));  // empty properties
  EXPECT_FALSE(found("\xE0\x01\x9C"s));      // a reason alone
  EXPECT_FALSE(found("\xE0\x00"s));          // not even that
  EXPECT_FALSE(found(connack('\x9C', reference(""))));
}

TEST(ServerReference, IsNothingInWhatMqttDoesNotAllow) {
  EXPECT_FALSE(found(connack('\x9C', reference("a") + reference("b")))) << "twice";
  EXPECT_FALSE(found(connack('\x9C', "\x7F" + reference("a")))) << "a property that nobody knows";
  EXPECT_FALSE(found(connack('\x9C', "\x1C\x00\x09short"s)));
  EXPECT_FALSE(found("\x20\x05\x00\x9C\x09\x1C\x00"s));  // properties longer than the packet
  EXPECT_FALSE(found("\x20\x80\x80\x80\x80\x01"s));      // a length of five bytes
  EXPECT_FALSE(found("\x40\x02\x00\x9C"s));              // another type
  EXPECT_FALSE(found(""));
}

TEST(ServerReference, HasABound) {
  const std::string longest(limits::kMaxServerReferenceBytes, 'b');
  EXPECT_EQ(found(connack('\x9C', reference(longest))), longest);
  EXPECT_FALSE(found(connack('\x9C', reference(longest + "b"))));
  ServerReferenceReader reader;
  reader.listen();
  const std::string large = connack('\x9C', reference(std::string(60'000, 'b')));
  EXPECT_FALSE(reader.take(std::as_bytes(std::span(large)), true));
  const std::string good = connack('\x9C', reference("b"));
  EXPECT_EQ(reader.take(std::as_bytes(std::span(good)), true), "b") << "the next one counts";
}

TEST(ServerReference, IsNothingWithMqtt311) {
  const std::string packet = connack('\x9C', reference("b"));
  ServerReferenceReader reader;
  EXPECT_FALSE(reader.take(std::as_bytes(std::span(packet)), true));
}

}  // namespace
}  // namespace holdfast::mqtt_engine
