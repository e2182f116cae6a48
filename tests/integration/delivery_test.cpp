// Does each accepted message reach the broker, in time, cheaply, or come back with the reason?

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using DeliveryTest = DeviceTest;
using Clock = std::chrono::steady_clock;

TEST_F(DeliveryTest, AMessageWaitsForItsDelayAndNoLonger) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  const auto before = Clock::now();
  const MessageId id = device.publish("t", "x", {.max_delay = 300ms});
  ASSERT_TRUE(device.wait_for_delivery(id));
  EXPECT_GE(Clock::now() - before, 300ms);
}

TEST_F(DeliveryTest, MessagesThatWaitRideAlongWithAnUrgentOneInOneRecord) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));

  constexpr std::size_t kWaiting = 10;
  for (std::size_t n = 0; n < kWaiting; ++n) {
    device.publish("t", std::to_string(n), {.max_delay = 1h});
  }
  const Status before = device->status();
  ASSERT_EQ(before.counters.delivered, 0u);  // they wait
  ASSERT_EQ(before.under_way, 0u);
  device.publish("t", "urgent");
  ASSERT_TRUE(device.wait_for_deliveries(kWaiting + 1));
  EXPECT_EQ(device->ledger().tls_records_up - before.ledger.tls_records_up, 1u);
}

TEST_F(DeliveryTest, MessagesThatWaitGoOutTogetherWhenTheFirstIsDue) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  const auto before = device->ledger().tls_records_up;
  device.publish("t", "first", {.max_delay = 200ms});
  constexpr int kLater = 19;  // mosquitto takes 20 unacknowledged messages
  for (int n = 0; n < kLater; ++n) device.publish("t", "later", {.max_delay = 1h});
  ASSERT_TRUE(device.wait_for_deliveries(1 + kLater));
  EXPECT_EQ(device->ledger().tls_records_up - before, 1u);
}

TEST_F(DeliveryTest, AMessageThatExpiresOfflineIsReportedAndNeverSent) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t/#"});
  TcpProxy proxy(broker->tls_port());
  proxy.refuse_new(true);
  WatchedDevice device(options_for(proxy.port()));
  device->start();
  const MessageId mortal = device.publish("t/mortal", "x", {.ttl = 50ms});
  const MessageId lasting = device.publish("t/lasting", "x", {.ttl = 1h});

  const auto lost = device.wait_for_delivery(mortal);
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->error, Errc::expired);
  EXPECT_EQ(lost->error, Condition::expired);
  const auto event = device.wait_for(EventKind::message_dropped);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::expired);
  EXPECT_NE(event->detail.find("t/mortal"), std::string::npos) << event->detail;

  proxy.refuse_new(false);
  const auto delivered = device.wait_for_delivery(lasting);
  ASSERT_TRUE(delivered);
  EXPECT_FALSE(delivered->error);
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].topic, "t/lasting");
  const Counters counters = device->status().counters;
  EXPECT_EQ(counters.dropped, 1u);
  EXPECT_EQ(counters.delivered, 1u);
}

// Asks the broker with clients of its own, again and again, what it still retains.
TEST_F(DeliveryTest, TheBrokerForgetsAMessageWhenItsTimeToLiveEnds) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("r/mortal", "x", {.retain = Retain::yes, .ttl = 1s});
  device.publish("r/lasting", "x", {.retain = Retain::yes, .ttl = 1h});
  device.publish("r/z", "x", {.retain = Retain::yes});
  ASSERT_TRUE(device.wait_for_deliveries(3));

  const auto retained = [&](std::size_t look) {
    Subscriber subscriber({.port = broker->plain_port(),
                           .filter = "r/#",
                           .client_id = "look-" + std::to_string(look)});
    Publisher publisher({.port = broker->plain_port()});
    publisher.publish("r/end", "");
    subscriber.wait_for([](const auto& all) { return !all.empty() && all.back().topic == "r/end"; },
                        kBound);
    std::vector<std::string> topics;
    for (const auto& message : subscriber.messages()) topics.push_back(message.topic);
    std::sort(topics.begin(), topics.end());
    return topics;
  };
  std::size_t look = 0;
  EXPECT_TRUE(eventually([&] { return retained(++look).size() == 3; }, kBound));
  EXPECT_EQ(retained(++look), (std::vector<std::string>{"r/end", "r/lasting", "r/z"}));
}

TEST_F(DeliveryTest, OnlyQosOneIsSentAgainWhenTheConnectionEnds) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t/#"});
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(options_for(proxy.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  proxy.black_hole(true);
  const MessageId once = device.publish("t/once", "x", {.qos = Qos::exactly_once});
  const MessageId again = device.publish("t/again", "x", {.qos = Qos::at_least_once});
  ASSERT_TRUE(eventually([&] { return device->status().under_way == 2; }, kBound));
  proxy.cut_all();
  proxy.black_hole(false);

  const auto lost = device.wait_for_delivery(once);
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->error, Errc::connection_lost) << lost->detail;
  const auto delivered = device.wait_for_delivery(again);
  ASSERT_TRUE(delivered);
  EXPECT_FALSE(delivered->error) << delivered->detail;
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].topic, "t/again");
}

TEST_F(DeliveryTest, WhatWasAcceptedBeforeTheStartIsSentInOrder) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  WatchedDevice device(options_for(broker->tls_port()));
  constexpr std::size_t kCount = 300;
  for (std::size_t n = 0; n < kCount; ++n) device.publish("t", std::to_string(n));
  EXPECT_EQ(device->status().waiting, kCount);
  EXPECT_EQ(device->status().state, State::idle);
  device->start();
  ASSERT_TRUE(subscriber.wait_for_count(kCount, kBound));
  const auto messages = subscriber.messages();
  for (std::size_t n = 0; n < kCount; ++n) ASSERT_EQ(messages[n].payload, std::to_string(n));
  ASSERT_TRUE(device.wait_for_deliveries(kCount));
  EXPECT_EQ(device->status().waiting, 0u);
}

TEST_F(DeliveryTest, AFullOutboxRefusesTellsOnceAndWorksOn) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  TcpProxy proxy(broker->tls_port());
  proxy.refuse_new(true);
  Options options = options_for(proxy.port());
  options.outbox.messages = 5;
  WatchedDevice device(options);
  device->start();
  for (int n = 0; n < 5; ++n) device.publish("t", "fits");
  for (int n = 0; n < 3; ++n) {
    const Receipt refused = device->publish("t", as_payload("too many"));
    EXPECT_EQ(refused.error, Errc::outbox_full);
    EXPECT_EQ(refused.error, Condition::retry_later);
    EXPECT_EQ(refused.id, 0u);
    EXPECT_NE(refused.detail.find("outbox.messages"), std::string::npos) << refused.detail;
  }
  proxy.refuse_new(false);
  ASSERT_TRUE(device.wait_for_deliveries(5));
  device.publish("t", "fits again");
  ASSERT_TRUE(device.wait_for_deliveries(6));
  ASSERT_TRUE(subscriber.wait_for_count(6, kBound));
  EXPECT_EQ(subscriber.messages().back().payload, "fits again");
  const auto events = device.events_of(EventKind::message_dropped);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].error, Errc::outbox_full);
}

TEST_F(DeliveryTest, TheOutboxIsBoundedInBytesToo) {
  Options options = options_for(1);
  options.outbox.bytes = 1'000;
  WatchedDevice device(options);
  device.publish("t", std::string(900, 'x'));
  const Receipt refused = device->publish("t", as_payload(std::string(200, 'x')));
  EXPECT_EQ(refused.error, Errc::outbox_full);
  EXPECT_NE(refused.detail.find("outbox.bytes"), std::string::npos) << refused.detail;
  device.publish("t", std::string(50, 'x'));
}

TEST_F(DeliveryTest, WhatMqttOrALimitForbidsIsRefusedByTheReceipt) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  const auto x = as_payload("x");
  for (const char* const topic : {"", "a/+", "a/#", "\xff"}) {
    EXPECT_EQ(device->publish(topic, x).error, Errc::invalid_topic) << topic;
  }
  EXPECT_EQ(device->publish(std::string(limits::kMaxTopicBytes + 1, 't'), x).error,
            Errc::invalid_topic);
  const std::string large(limits::kMaxPayloadBytes + 1, 'x');
  const Receipt too_large = device->publish("t", as_payload(large));
  EXPECT_EQ(too_large.error, Errc::payload_too_large);
  EXPECT_NE(too_large.detail.find("262145"), std::string::npos) << too_large.detail;
  EXPECT_EQ(device->publish("t", x, {.max_delay = -1ms}).error, Errc::invalid_options);
  EXPECT_EQ(device->publish("t", x, {.max_delay = 2s, .ttl = 1s}).error, Errc::invalid_options);

  device.publish(std::string(limits::kMaxTopicBytes, 't'), "x");
  ASSERT_TRUE(device.wait_for_deliveries(1));
  EXPECT_EQ(device->status().counters.accepted, 1u);
}

}  // namespace
}  // namespace holdfast::test
