#include <gtest/gtest.h>

#include <string>

#include "base/properties.hpp"
#include "mqtt/granted.hpp"

namespace holdfast::mqtt_engine {
namespace {

using namespace std::chrono_literals;

TEST(Granted, LimitsAPacketToTheByte) {
  const std::string payload(100, 'x');
  Publication publication{.id = 1, .topic = "t", .payload = as_payload(payload)};
  publication.expiry = 5s;
  Granted granted;
  granted.maximum_packet_bytes = publish_bytes(publication, MqttVersion::v5);
  EXPECT_FALSE(why_broker_would_refuse(publication, MqttVersion::v5, granted));
  --*granted.maximum_packet_bytes;
  const Failure failure = why_broker_would_refuse(publication, MqttVersion::v5, granted);
  EXPECT_EQ(failure.error, Errc::payload_too_large);
  EXPECT_NE(failure.detail.find("100 bytes"), std::string::npos) << failure.detail;
  EXPECT_NE(failure.detail.find(std::to_string(*granted.maximum_packet_bytes)), std::string::npos);
  publication.expiry.reset();
  const Properties three({.correlation_data = as_payload("id")});
  publication.properties = three.bytes();
  ++*granted.maximum_packet_bytes;
  EXPECT_FALSE(why_broker_would_refuse(publication, MqttVersion::v5, granted));
  --*granted.maximum_packet_bytes;
  EXPECT_TRUE(why_broker_would_refuse(publication, MqttVersion::v5, granted));
  publication.properties = {};
  EXPECT_FALSE(why_broker_would_refuse(publication, MqttVersion::v5, granted));
}

TEST(Granted, LimitsQosAndRetain) {
  Publication publication{.id = 1, .topic = "t", .payload = {}, .qos = Qos::exactly_once};
  Granted granted;
  EXPECT_FALSE(why_broker_would_refuse(publication, MqttVersion::v5, granted));
  granted.maximum_qos = Qos::at_least_once;
  EXPECT_EQ(why_broker_would_refuse(publication, MqttVersion::v5, granted).error,
            Errc::refused_by_broker);
  publication.qos = Qos::at_least_once;
  publication.retain = Retain::yes;
  EXPECT_FALSE(why_broker_would_refuse(publication, MqttVersion::v5, granted));
  granted.retain_available = false;
  EXPECT_EQ(why_broker_would_refuse(publication, MqttVersion::v5, granted).error,
            Errc::refused_by_broker);
}

}  // namespace
}  // namespace holdfast::mqtt_engine
