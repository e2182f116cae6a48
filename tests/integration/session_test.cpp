// Does one pinned session come up, carry messages both ways, and go down in order?

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using SessionTest = DeviceTest;

TEST_F(SessionTest, PublishesOverOnePinnedSession) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t/#"});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("t/one", "first");
  device.publish("t/two", "second");
  ASSERT_TRUE(device.wait_for_deliveries(2));
  for (const Delivery& delivery : device.deliveries().all()) EXPECT_FALSE(delivery.error);

  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  EXPECT_EQ(subscriber.messages()[0].payload, "first");
  EXPECT_EQ(subscriber.messages()[1].topic, "t/two");

  const Status status = device->status();
  EXPECT_EQ(status.state, State::connected);
  EXPECT_EQ(status.vouching_pin, key_.pin);
  EXPECT_EQ(status.address, "127.0.0.1:" + std::to_string(broker->tls_port()));
  EXPECT_EQ(status.counters.delivered, 2u);
  EXPECT_EQ(status.ledger.full_handshakes, 1u);
  EXPECT_EQ(status.ledger.connections, 1u);
  EXPECT_GT(status.ledger.ip_bytes_up, 500u);
  EXPECT_TRUE(device->stop().clean);
  EXPECT_TRUE(broker->wait_log("Client device disconnected", kBound)) << broker->log();
}

class SessionTestOf : public SessionTest, public ::testing::WithParamInterface<MqttVersion> {};

INSTANTIATE_TEST_SUITE_P(Versions, SessionTestOf,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& instance) {
                           return instance.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

TEST_P(SessionTestOf, PublishesAtEveryQos) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "q/#"});
  Options options = options_for(broker->tls_port());
  options.mqtt_version = GetParam();
  WatchedDevice device(options);
  device->start();
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
    const std::string text = std::to_string(static_cast<int>(qos));
    const auto delivery = device.wait_for_delivery(device.publish("q/" + text, text, {.qos = qos}));
    ASSERT_TRUE(delivery) << "QoS " << text;
    EXPECT_FALSE(delivery->error) << delivery->detail;
  }
  ASSERT_TRUE(subscriber.wait_for_count(3, kBound));
  const auto messages = subscriber.messages();
  for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(messages[n].payload, std::to_string(n));
  EXPECT_EQ(messages[0].qos, 0);
  EXPECT_EQ(messages[1].qos, 1);
  const std::string version = GetParam() == MqttVersion::v5 ? "as device (p5" : "as device (p2";
  EXPECT_EQ(count_in_log(*broker, version), 1u) << broker->log();
}

TEST_P(SessionTestOf, ReceivesAtTheQosItAskedFor) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.mqtt_version = GetParam();
  WatchedDevice device(options);
  device.collect("zero/#", {.qos = Qos::at_most_once});
  device.collect("one/#", {.qos = Qos::at_least_once});
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed, 2));

  Publisher publisher({.port = broker->plain_port()});
  for (int qos = 0; qos <= 2; ++qos) {
    publisher.publish("zero/" + std::to_string(qos), "to zero", qos);
    publisher.publish("one/" + std::to_string(qos), "to one", qos);
  }
  ASSERT_TRUE(publisher.wait_acks(kBound));
  ASSERT_TRUE(device.received().wait_for_count(6, kBound));
  for (const Message& message : device.received().all()) {
    const bool sent_at_most_once = message.topic.starts_with("zero") || message.topic == "one/0";
    EXPECT_EQ(message.qos, sent_at_most_once ? Qos::at_most_once : Qos::at_least_once)
        << message.topic;
    EXPECT_EQ(message.retain, Retain::no);
  }
  EXPECT_EQ(device->status().counters.received, 6u);
}

TEST_P(SessionTestOf, LogsInWithUserNameAndPassword) {
  const auto broker = make_broker(
      {.plain_listener = false, .allow_anonymous = false, .users = {{"truck", "s3cret wörd"}}});
  Options options = options_for(broker->tls_port());
  options.mqtt_version = GetParam();
  options.username = "truck";
  options.password = "s3cret wörd";
  WatchedDevice device(options);
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_TRUE(device.events_of(EventKind::connect_failed).empty());
}

TEST_F(SessionTest, RetainedMessagesAreKeptByTheBrokerAndMarkedOnArrival) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for_delivery(device.publish("keep", "me", {.retain = Retain::yes})));
  ASSERT_TRUE(device.wait_for_delivery(device.publish("keep/not", "me", {.retain = Retain::no})));

  WatchedDevice later(options_for(broker->tls_port(), "later"));
  later.collect("keep/#");
  later->start();
  ASSERT_TRUE(later.received().wait_for_count(1, kBound));
  ASSERT_TRUE(device.wait_for_delivery(device.publish("keep/not", "end")));
  ASSERT_TRUE(later.received().wait_for_count(2, kBound));
  const auto messages = later.received().all();
  EXPECT_EQ(messages[0].topic, "keep");
  EXPECT_EQ(messages[0].retain, Retain::yes);
  EXPECT_EQ(text_of(messages[1]), "end");  // the one that was not to be kept has not come
  EXPECT_EQ(messages[1].retain, Retain::no);
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t n = 0; n < size; ++n) bytes[n] = static_cast<char>((n * 131) ^ (n >> 8));
  return bytes;
}

TEST_F(SessionTest, PayloadsOfEverySizeArriveIntactBothWays) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "up"});
  WatchedDevice device(options_for(broker->tls_port()));
  device.collect("down");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));

  const std::vector<std::size_t> sizes{0,      1,      127,    128,
                                       16'383, 16'384, 65'536, limits::kMaxPayloadBytes};
  Publisher publisher({.port = broker->plain_port()});
  for (const std::size_t size : sizes) {
    device.publish("up", pattern(size));
    publisher.publish("down", pattern(size));
  }
  ASSERT_TRUE(subscriber.wait_for_count(sizes.size(), kBound));
  ASSERT_TRUE(device.received().wait_for_count(sizes.size(), kBound));
  ASSERT_TRUE(device.wait_for_deliveries(sizes.size()));
  for (std::size_t n = 0; n < sizes.size(); ++n) {
    EXPECT_TRUE(subscriber.messages()[n].payload == pattern(sizes[n])) << sizes[n];
    EXPECT_TRUE(text_of(device.received().all()[n]) == pattern(sizes[n])) << sizes[n];
  }
  EXPECT_EQ(device->status().ledger.connections, 1u);
}

TEST_F(SessionTest, EachFilterHasItsHandlerAndAllThatMatchAreCalled) {
  const auto broker = make_broker();
  EventLog<std::string> calls;  // before the device, whose handlers use it
  WatchedDevice device(options_for(broker->tls_port()));
  const auto note = [&calls](const std::string& name) {
    return [&calls, name](const Message& message) { calls.append(name + " " + message.topic); };
  };
  device->subscribe("a/+", note("plus"));
  device->subscribe("a/b", note("exact"));
  device->subscribe("c/#", note("hash"));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed, 3));
  // A filter that comes later is asked for at once, and a second call replaces the handler.
  device->subscribe("late", note("late"));
  device->subscribe("c/#", note("replaced"));
  ASSERT_TRUE(device.wait_for(EventKind::subscribed, 4));

  Publisher publisher({.port = broker->plain_port()});
  for (const char* const topic : {"a/z", "c/d/e", "late", "nobody", "a/b"}) {
    publisher.publish(topic, "x");
  }
  ASSERT_TRUE(calls.wait_for(
      [](const std::vector<std::string>& all) {
        return std::count(all.begin(), all.end(), "exact a/b") > 0;
      },
      kBound));
  const auto all = calls.all();
  const auto times = [&all](const char* call) { return std::count(all.begin(), all.end(), call); };
  EXPECT_EQ(times("plus a/z"), 1);
  EXPECT_EQ(times("replaced c/d/e"), 1);
  EXPECT_EQ(times("hash c/d/e"), 0);
  EXPECT_EQ(times("late late"), 1);
  EXPECT_GE(times("plus a/b"), 1);  // mosquitto sends one copy for each filter that overlaps
}

TEST_F(SessionTest, FiltersThatMqttForbidsAreRefusedAtOnce) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  const auto ignore = [](const Message&) {};
  for (const char* const filter : {"", "a/#/b", "a#", "a+/b", "\xff"}) {
    EXPECT_THROW(device->subscribe(filter, ignore), ConfigError) << filter;
  }
  EXPECT_THROW(device->subscribe("ok", ignore, {.qos = Qos::exactly_once}), ConfigError);
  EXPECT_THROW(device->subscribe("ok", nullptr), ConfigError);
  device.collect("ok");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  EXPECT_EQ(count_in_log(*broker, "Received SUBSCRIBE from device"), 1u);
}

}  // namespace
}  // namespace holdfast::test
