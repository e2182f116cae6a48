// PUBLISH and PUBREL, byte by byte as MQTT 5 sections 3.3 and 3.6 have them.

#include <gtest/gtest.h>

#include <string>

#include "base/properties.hpp"
#include "mqtt/publish_packet.hpp"

namespace holdfast::mqtt_engine {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

std::string text(const std::vector<std::byte>& packet) {
  return std::string(as_text(packet));
}

Publication publication(std::string_view topic, std::string_view payload, Qos qos) {
  return {.id = 1, .topic = topic, .payload = as_payload(payload), .qos = qos};
}

TEST(PublishPacket, AtQosZeroHasNoIdentifier) {
  const auto message = publication("a/b", "body", Qos::at_most_once);
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v3_1_1, 7, Resent::no)),
            "\x30\x09\x00\x03"s + "a/bbody"s);
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v5, 7, Resent::no)),
            "\x30\x0A\x00\x03"s + "a/b\0body"s);
}

TEST(PublishPacket, CarriesQosRetainAndDupInItsFlags) {
  auto message = publication("t", "x", Qos::at_least_once);
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v5, 0x8001, Resent::no)),
            "\x32\x07\x00\x01t\x80\x01\x00x"s);
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v5, 0x8001, Resent::yes)),
            "\x3A\x07\x00\x01t\x80\x01\x00x"s);
  message.qos = Qos::exactly_once;
  message.retain = Retain::yes;
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v3_1_1, 0xFFFF, Resent::no)),
            "\x35\x06\x00\x01t\xFF\xFFx"s);
}

TEST(PublishPacket, CarriesAnExpiryInMqtt5Only) {
  auto message = publication("t", "x", Qos::at_least_once);
  message.expiry = 0x01020304s;
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v5, 0x8000, Resent::no)),
            "\x32\x0C\x00\x01t\x80\x00\x05\x02\x01\x02\x03\x04x"s);
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v3_1_1, 0x8000, Resent::no)),
            "\x32\x06\x00\x01t\x80\x00x"s);
}

TEST(PublishPacket, CarriesPropertiesInMqtt5Only) {
  auto message = publication("t", "x", Qos::at_least_once);
  const Properties properties({"a/b", "r", as_payload("\x01\x02")});
  message.properties = properties.bytes();
  message.expiry = 1s;
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v5, 0x8000, Resent::no)),
            "\x32\x1B\x00\x01t\x80\x00\x14\x02\x00\x00\x00\x01"s
            "\x03\x00\x03"
            "a/b"
            "\x08\x00\x01r\x09\x00\x02\x01\x02x"s);
  message.expiry.reset();
  EXPECT_EQ(text(encode_publish(message, MqttVersion::v3_1_1, 0x8000, Resent::no)),
            "\x32\x06\x00\x01t\x80\x00x"s);
}

// Their length takes a second byte at 128 (section 2.2.2.1).
TEST(PublishPacket, HasPropertiesOfAnyLength) {
  for (const std::size_t size : {124U, 125U, 126U, 1'000U}) {
    auto message = publication("t", "x", Qos::at_least_once);
    const Properties properties({.content_type = std::string(size, 'c')});
    message.properties = properties.bytes();
    const auto packet = encode_publish(message, MqttVersion::v5, 0x8000, Resent::no);
    EXPECT_EQ(packet.size(), publish_bytes(message, MqttVersion::v5));
    message.properties = {};
    const std::size_t more = packet.size() - publish_bytes(message, MqttVersion::v5);
    EXPECT_EQ(more, size + 3 + (size > 124 ? 1 : 0) + (packet.size() > 129 ? 1 : 0)) << size;
  }
}

TEST(PublishPacket, HoldsTheLongestExpiryThatMqttHas) {
  auto message = publication("t", "", Qos::at_most_once);
  message.expiry = 0x1'0000'0000s;
  EXPECT_TRUE(text(encode_publish(message, MqttVersion::v5, 0, Resent::no))
                  .ends_with("\x02\xFF\xFF\xFF\xFF"s));
}

// The remaining length takes another byte at 128 and at 16,384 (section 1.5.5).
TEST(PublishPacket, HasALengthOfAsManyBytesAsItNeeds) {
  struct Case {
    std::size_t payload;
    std::string head;
  };
  for (const auto& [size, head] :
       {Case{124, "\x30\x7F"s}, Case{125, "\x30\x80\x01"s}, Case{16'380, "\x30\xFF\x7F"s},
        Case{16'381, "\x30\x80\x80\x01"s}}) {
    const std::string payload(size, 'x');
    const auto message = publication("t", payload, Qos::at_most_once);
    const std::string packet = text(encode_publish(message, MqttVersion::v3_1_1, 0, Resent::no));
    EXPECT_EQ(packet, head + "\x00\x01t"s + payload) << size;
  }
}

TEST(PublishPacket, IsAsLongAsWasSaid) {
  for (const auto version : {MqttVersion::v3_1_1, MqttVersion::v5}) {
    for (const auto qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
      for (const std::size_t size : {0U, 1U, 120U, 130U, 20'000U, 262'144U}) {
        for (const bool expires : {false, true}) {
          const std::string payload(size, 'x');
          auto message = publication("some/topic", payload, qos);
          if (expires) message.expiry = 60s;
          EXPECT_EQ(encode_publish(message, version, 0x8000, Resent::no).size(),
                    publish_bytes(message, version));
        }
      }
    }
  }
}

TEST(PubrelPacket, HasItsFixedFlags) {
  EXPECT_EQ(text(encode_pubrel(0x8102)), "\x62\x02\x81\x02"s);
}

}  // namespace
}  // namespace holdfast::mqtt_engine
