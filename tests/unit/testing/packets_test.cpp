// Does the scripted line read what the SDK's own encoder writes?

#include "testing/packets.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/properties.hpp"
#include "mqtt/publish_packet.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

std::vector<std::byte> encode(MqttVersion version) {
  const std::string correlation = "\x01\x02\x03";
  const Properties properties({"text/plain", "answers/here", as_payload(correlation)});
  const mqtt_engine::Publication publication{.topic = "truck/17/r",
                                             .payload = as_payload("hello"),
                                             .qos = Qos::at_least_once,
                                             .retain = Retain::yes,
                                             .expiry = 300s,
                                             .properties = properties.bytes()};
  return mqtt_engine::encode_publish(publication, version, 0x8123, mqtt_engine::Resent::yes);
}

TEST(WorldPackets, AreReadAsTheyWereWritten) {
  const auto packet = encode(MqttVersion::v5);
  const Publish publish = read_publish(packet, MqttVersion::v5);
  EXPECT_EQ(publish.packet_id, 0x8123);
  EXPECT_TRUE(publish.again);
  EXPECT_EQ(publish.expiry, 300s);
  EXPECT_EQ(publish.bytes, packet.size());
  EXPECT_EQ(publish.message.topic, "truck/17/r");
  EXPECT_EQ(as_text(publish.message.payload), "hello");
  EXPECT_EQ(publish.message.qos, Qos::at_least_once);
  EXPECT_EQ(publish.message.retain, Retain::yes);
  EXPECT_EQ(publish.message.content_type, "text/plain");
  EXPECT_EQ(publish.message.response_topic, "answers/here");
  EXPECT_EQ(as_text(publish.message.correlation_data), "\x01\x02\x03");
}

TEST(WorldPackets, OfMqtt311HaveNoProperties) {
  const Publish publish = read_publish(encode(MqttVersion::v3_1_1), MqttVersion::v3_1_1);
  EXPECT_EQ(as_text(publish.message.payload), "hello");
  EXPECT_FALSE(publish.expiry);
  EXPECT_TRUE(publish.message.content_type.empty());
}

TEST(WorldPackets, AreNotGuessedAt) {
  const auto packet = encode(MqttVersion::v5);
  EXPECT_THROW(read_publish(std::span(packet).first(9), MqttVersion::v5), std::logic_error);
  EXPECT_THROW(read_publish(mqtt_engine::encode_pubrel(7), MqttVersion::v5), std::logic_error);
  EXPECT_THROW(read_release(packet), std::logic_error);
  EXPECT_EQ(read_release(mqtt_engine::encode_pubrel(7)).packet_id, 7);
}

// Of what the scripted broker sends the length is reckoned: it is what the encoder would make.
TEST(WorldPackets, HaveTheLengthThatTheyWouldHave) {
  Delivered delivered{.number = 1, .message = {}, .expiry = 300s};
  delivered.message = read_publish(encode(MqttVersion::v5), MqttVersion::v5).message;
  EXPECT_EQ(bytes_of(Downward(delivered), MqttVersion::v5), encode(MqttVersion::v5).size());
  delivered.expiry.reset();
  EXPECT_EQ(bytes_of(Downward(delivered), MqttVersion::v3_1_1), encode(MqttVersion::v3_1_1).size());
}

}  // namespace
}  // namespace holdfast::testing
