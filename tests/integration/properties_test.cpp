// Does a message carry what it tells besides its payload, both ways and over a restart?

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = as_payload(text);
  return {bytes.begin(), bytes.end()};
}

class PropertiesTest : public DeviceTest {
 protected:
  PublishOptions all() {
    return {.content_type = "text/plain",
            .response_topic = "reply/1",
            .correlation_data = bytes_of(kId)};
  }

  const std::string kId = std::string("\x00\x01\xFF id", 6);
};

TEST_F(PropertiesTest, WhatIsSentArrives) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  PublishOptions options = all();
  options.ttl = 1h;
  device.publish("t", "x", options);
  device.publish("t", "y");
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  const auto messages = subscriber.messages();
  EXPECT_EQ(messages[0].content_type, "text/plain");
  EXPECT_EQ(messages[0].response_topic, "reply/1");
  EXPECT_EQ(messages[0].correlation_data, kId);
  EXPECT_TRUE(messages[0].expiry_s);
  EXPECT_EQ(messages[1].content_type + messages[1].response_topic, "");
  EXPECT_EQ(messages[1].correlation_data, "");
}

TEST_F(PropertiesTest, ADurableMessageKeepsThemOverARestart) {
  std::filesystem::create_directory(dir_.path() / "broker");
  const auto broker = make_broker({.persistence_dir = dir_.path() / "broker"});
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  broker->stop();
  Options options = options_for(broker->tls_port());
  options.state_dir = dir_.path() / "state";
  {
    WatchedDevice device(options);
    PublishOptions kept = all();
    kept.durable = Durable::at_push();
    device.publish("t", "x", kept);
    EXPECT_EQ(device->stop().kept, 1U);
  }
  broker->start();
  WatchedDevice device(options);
  device->start();
  EXPECT_EQ(device->drain(kBound).undelivered, 0U);
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  const auto message = subscriber.messages()[0];
  EXPECT_EQ(message.content_type, "text/plain");
  EXPECT_EQ(message.response_topic, "reply/1");
  EXPECT_EQ(message.correlation_data, kId);
}

TEST_F(PropertiesTest, WhatArrivesIsTold) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device.collect("t");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  Publisher publisher({.port = broker->plain_port()});
  const auto before = std::chrono::steady_clock::now();
  publisher.publish("t", "x", 1, false,
                    {.content_type = "text/plain",
                     .response_topic = "reply/1",
                     .correlation_data = kId,
                     .expiry_s = 100,
                     .user_properties = {{"a", "1"}, {"b", ""}}});
  publisher.publish("t", "y");
  ASSERT_TRUE(device.received().wait_for_count(2, kBound));
  const auto after = std::chrono::steady_clock::now();
  const auto messages = device.received().all();
  EXPECT_EQ(messages[0].content_type, "text/plain");
  EXPECT_EQ(messages[0].response_topic, "reply/1");
  EXPECT_EQ(messages[0].correlation_data, bytes_of(kId));
  ASSERT_TRUE(messages[0].expires);
  EXPECT_GE(*messages[0].expires, before + 90s);
  EXPECT_LE(*messages[0].expires, after + 100s);
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(messages[0].user_properties, (Pairs{{"a", "1"}, {"b", ""}}));
  EXPECT_EQ(messages[1].content_type + messages[1].response_topic, "");
  EXPECT_TRUE(messages[1].correlation_data.empty() && messages[1].user_properties.empty());
  EXPECT_FALSE(messages[1].expires);
}

TEST_F(PropertiesTest, TheyCountWhereTheBrokerBoundsItsPackets) {
  const auto broker = make_broker({.extra_lines = {"max_packet_size 100"}});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  PublishOptions options;
  const MessageId small = device.publish("t", std::string(40, 'x'), options);
  options.content_type = std::string(80, 'c');
  const MessageId large = device.publish("t", std::string(40, 'x'), options);
  EXPECT_FALSE(device.wait_for_delivery(small)->error);
  EXPECT_EQ(device.wait_for_delivery(large)->error, Errc::payload_too_large);
  EXPECT_EQ(device->ledger().connections, 1U);
}

TEST_F(PropertiesTest, Mqtt311RefusesThemInTheReceipt) {
  Options options = options_for(1);
  options.mqtt_version = MqttVersion::v3_1_1;
  Device device(options);
  const Receipt receipt = device.publish("t", as_payload("x"), {.content_type = "text/plain"});
  EXPECT_EQ(receipt.error, Errc::invalid_options);
  EXPECT_NE(receipt.detail.find("MQTT 3.1.1"), std::string::npos) << receipt.detail;
}

}  // namespace
}  // namespace holdfast::test
