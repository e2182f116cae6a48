// Does the MQTT session live on at the broker, and is it used sparingly?

#include <gtest/gtest.h>

#include <string>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

class ResumptionTest : public DeviceTest, public ::testing::WithParamInterface<MqttVersion> {
 protected:
  Options options_of_version(std::uint16_t port) {
    Options options = options_for(port);
    options.mqtt_version = GetParam();
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, ResumptionTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& instance) {
                           return instance.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

constexpr const char* kSubscribe = "Received SUBSCRIBE from device";

TEST_P(ResumptionTest, NoSecondSubscribeAfterACut) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(options_of_version(proxy.port()));
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  proxy.cut_all();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_NE(device.events_of(EventKind::connected)[1].detail.find("session resumed"),
            std::string::npos);

  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("down/1", "still subscribed");
  ASSERT_TRUE(device.received().wait_for_count(1, kBound));
  EXPECT_EQ(count_in_log(*broker, kSubscribe), 1u) << broker->log();
}

TEST_P(ResumptionTest, SubscribesAgainAfterACutWhenTheBrokerKeepsNoSession) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = options_of_version(proxy.port());
  options.session_expiry = 0s;
  WatchedDevice device(options);
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  proxy.cut_all();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed, 2));
  EXPECT_NE(device.events_of(EventKind::connected)[1].detail.find("new session"),
            std::string::npos);
  EXPECT_EQ(count_in_log(*broker, kSubscribe), 2u);
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("down/1", "subscribed again");
  ASSERT_TRUE(device.received().wait_for_count(1, kBound));
}

// MQTT 5 section 4.4: what was not acknowledged is resent as what it is, and the broker is not left
// with half of a QoS 2 exchange whose identifier another message may get.
TEST_P(ResumptionTest, WhatWasUnderWayIsTakenUpWhereItWasLeft) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t/#"});
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(options_of_version(proxy.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  proxy.black_hole(true);
  const MessageId again = device.publish("t/again", "x");
  const MessageId once = device.publish("t/once", "x", {.qos = Qos::exactly_once});
  ASSERT_TRUE(eventually([&] { return device->status().under_way == 2; }, kBound));
  proxy.cut_all();
  proxy.black_hole(false);
  ASSERT_TRUE(device.wait_for_delivery(again));
  EXPECT_EQ(device.wait_for_delivery(once)->error, Errc::connection_lost);
  ASSERT_TRUE(
      eventually([&] { return count_in_log(*broker, "Sending PUBCOMP to device") == 1; }, kBound))
      << broker->log();
  EXPECT_EQ(count_in_log(*broker, "Received PUBLISH from device (d1, q1"), 1u) << broker->log();
  EXPECT_EQ(count_in_log(*broker, "Received PUBREL from device"), 1u);
  // And the next exchange is a whole one.
  const MessageId next = device.publish("t/next", "x", {.qos = Qos::exactly_once});
  const auto delivery = device.wait_for_delivery(next);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  EXPECT_EQ(subscriber.messages()[1].topic, "t/next");
}

TEST_P(ResumptionTest, MessagesQueuedDuringAnOfflinePhaseArriveInOrder) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(options_of_version(proxy.port()));
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  proxy.refuse_new(true);
  proxy.cut_all();
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));

  constexpr std::size_t kCount = 200;
  Publisher publisher({.port = broker->plain_port()});
  for (std::size_t n = 0; n < kCount; ++n) publisher.publish("down/n", std::to_string(n), 1);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  EXPECT_EQ(device.received().size(), 0u);
  proxy.refuse_new(false);
  ASSERT_TRUE(device.received().wait_for_count(kCount, kBound));
  const auto messages = device.received().all();
  for (std::size_t n = 0; n < kCount; ++n) ASSERT_EQ(text_of(messages[n]), std::to_string(n));
}

TEST_P(ResumptionTest, ANewProcessFindsItsSessionAndSubscribesOnce) {
  const auto broker = make_broker();
  {
    WatchedDevice first(options_of_version(broker->tls_port()));
    first.collect("down/#");
    first->start();
    ASSERT_TRUE(first.wait_for(EventKind::subscribed));
    EXPECT_TRUE(first->stop().clean);
  }
  Publisher publisher({.port = broker->plain_port()});
  for (int n = 0; n < 50; ++n) publisher.publish("down/n", std::to_string(n), 1);
  ASSERT_TRUE(publisher.wait_acks(kBound));

  TcpProxy proxy(broker->tls_port());
  WatchedDevice second(options_of_version(proxy.port()));
  second.collect("down/#");
  second->start();
  ASSERT_TRUE(second.received().wait_for_count(50, kBound));
  ASSERT_TRUE(second.wait_for(EventKind::subscribed));
  EXPECT_NE(second.events_of(EventKind::connected)[0].detail.find("session resumed"),
            std::string::npos);
  EXPECT_EQ(count_in_log(*broker, kSubscribe), 2u);
  proxy.cut_all();
  ASSERT_TRUE(second.wait_for(EventKind::connected, 2));
  publisher.publish("down/n", "end");
  ASSERT_TRUE(second.received().wait_for_count(51, kBound));
  EXPECT_EQ(count_in_log(*broker, kSubscribe), 2u);
}

using RetainHandlingTest = DeviceTest;

TEST_F(RetainHandlingTest, ANewProcessIsSparedRetainedMessagesThatItHasSeen) {
  const auto broker = make_broker();
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("down/kept", "kept", 1, true);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  {
    WatchedDevice first(options_for(broker->tls_port()));
    first.collect("down/#");
    first->start();
    ASSERT_TRUE(first.received().wait_for_count(1, kBound));
    first->stop();
  }
  WatchedDevice second(options_for(broker->tls_port()));
  second.collect("down/#");
  second->start();
  ASSERT_TRUE(second.wait_for(EventKind::subscribed));
  publisher.publish("down/end", "end");
  ASSERT_TRUE(second.received().wait_for_count(1, kBound));
  EXPECT_EQ(text_of(second.received().all()[0]), "end");
}

}  // namespace
}  // namespace holdfast::test
