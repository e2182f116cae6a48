// Does the broker publish the will of a device that vanishes, and of no other?

#include <gtest/gtest.h>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

class WillTest : public DeviceTest, public ::testing::WithParamInterface<MqttVersion> {
 protected:
  Options options_with_will(std::uint16_t port) {
    Options options = options_for(port);
    options.mqtt_version = GetParam();
    const auto text = as_payload("gone");
    options.will = Will{.topic = "will/device", .payload = {text.begin(), text.end()}};
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, WillTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& instance) {
                           return instance.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

TEST_P(WillTest, IsPublishedWhenTheLinkIsCut) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "will/#"});
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(options_with_will(proxy.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  proxy.refuse_new(true);
  proxy.cut_all();
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound)) << broker->log();
  EXPECT_EQ(subscriber.messages()[0].topic, "will/device");
  EXPECT_EQ(subscriber.messages()[0].payload, "gone");
  EXPECT_EQ(subscriber.messages()[0].qos, 1);
}

TEST_P(WillTest, IsNotPublishedWhenTheDeviceStops) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "will/#"});
  WatchedDevice device(options_with_will(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_TRUE(device->stop().clean);
  ASSERT_TRUE(broker->wait_log("Client device disconnected", kBound));
  // A will would have come before this.
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("will/end", "end");
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].topic, "will/end");
}

}  // namespace
}  // namespace holdfast::test
