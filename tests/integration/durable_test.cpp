// Does what was stored reach the broker, whatever happens to the device and to the connection?

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <holdfast/receiver.hpp>

#include "integration/device_fixture.hpp"
#include "outbox/store.hpp"
#include "support/event_wait.hpp"
#include "support/ports.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

class DurableTest : public DeviceTest {
 protected:
  Options kept_options(std::uint16_t port) {
    Options options = options_for(port);
    options.state_dir = dir_.path() / "state";
    return options;
  }
  /// One that remembers its subscribers over a restart, so that they miss nothing.
  std::unique_ptr<Mosquitto> make_lasting_broker() {
    std::filesystem::create_directory(dir_.path() / "broker");
    return make_broker({.persistence_dir = dir_.path() / "broker", .max_inflight_messages = 0});
  }
  PublishOptions durable() {
    return {.durable = Durable::at_push(),
            .on_stored = [this](const Stored& stored) { stored_.append(stored); }};
  }
  std::size_t rows() {
    std::string remark;
    Failure failure;
    const auto store = outbox::Store::open({.directory = dir_.path() / "state"}, remark, failure);
    EXPECT_TRUE(store) << failure.detail;
    return store ? static_cast<std::size_t>(store->totals().messages) : 0;
  }
  std::vector<outbox::DeadLetter> dead() {
    std::string remark;
    Failure failure;
    return outbox::Store::open({.directory = dir_.path() / "state"}, remark, failure)->dead(100);
  }

  EventLog<Stored> stored_;
};

TEST_F(DurableTest, WhatWasStoredWithoutALinkIsDeliveredByTheNextProcess) {
  auto broker = make_lasting_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  broker->stop();
  {
    WatchedDevice device(kept_options(broker->tls_port()));
    device->start();
    for (const std::string text : {"one", "two", "three"}) device.publish("t", text, durable());
    ASSERT_TRUE(stored_.wait_for_count(3, kBound));
    EXPECT_EQ(device->status().counters.stored, 3u);
    const StopResult result = device->stop();
    EXPECT_EQ(result.kept, 3u);
    EXPECT_EQ(result.undelivered, 0u);
    ASSERT_TRUE(device.wait_for_deliveries(3));
    for (const Delivery& delivery : device.deliveries().all()) {
      EXPECT_EQ(delivery.error, Errc::kept) << delivery.detail;
    }
    EXPECT_EQ(device->status().counters.dropped, 0u);
  }
  broker->start();
  WatchedDevice device(kept_options(broker->tls_port()));
  EXPECT_EQ(device->status().waiting, 3u);
  device->start();
  const Remaining left = device->drain(kBound);
  EXPECT_EQ(left.undelivered, 0u);
  ASSERT_TRUE(subscriber.wait_for_count(3, kBound));
  std::vector<std::string> payloads;
  for (const auto& message : subscriber.messages()) payloads.push_back(message.payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(device->status().counters.delivered, 3u);
  EXPECT_EQ(device->stop().kept, 0u);
  EXPECT_EQ(rows(), 0u);
}

// A time to live keeps the outbox's clock going; it must not keep the process from ending.
TEST_F(DurableTest, StopsWhileMessagesWithATimeToLiveStayBehind) {
  WatchedDevice device(kept_options(unused_port()));
  device->start();
  PublishOptions options = durable();
  options.ttl = std::chrono::hours(24 * 7);
  device.publish("t", "for a week", options);
  ASSERT_TRUE(stored_.wait_for_count(1, kBound));
  EXPECT_EQ(device->stop().kept, 1u);
  EXPECT_EQ(rows(), 1u);
}

TEST_F(DurableTest, ItIsStoredBeforeTheDeviceIsStarted) {
  WatchedDevice device(kept_options(unused_port()));
  device.publish("t", "x", durable());
  ASSERT_TRUE(stored_.wait_for_count(1, kBound));
  EXPECT_FALSE(stored_.all()[0].error);
}

TEST_F(DurableTest, FlushWritesWhatHadTime) {
  WatchedDevice device(kept_options(unused_port()));
  device->start();
  for (int n = 0; n < 10; ++n) device.publish("t", "x", {.durable = Durable::within(1h)});
  EXPECT_EQ(device->status().counters.stored, 0u);
  const Remaining left = device->flush(kBound);
  EXPECT_EQ(left.unstored, 0u);
  EXPECT_EQ(left.undelivered, 10u);
  EXPECT_EQ(device->drain(1ms).undelivered, 10u) << "without a link";
  EXPECT_TRUE(eventually([&] { return device->status().counters.stored == 10u; }, kBound));
}

TEST_F(DurableTest, DrainSendsWhatHadTime) {
  const auto broker = make_broker();
  WatchedDevice device(kept_options(broker->tls_port()));
  device->start();
  for (int n = 0; n < 50; ++n) {
    device.publish("t", "x", {.max_delay = 1h, .durable = Durable::within(1h)});
  }
  EXPECT_EQ(device->drain(kBound).undelivered, 0u);
  const Status status = device->status();
  EXPECT_EQ(status.counters.delivered, 50u);
}

TEST_F(DurableTest, WhatIsAcknowledgedInTimeNeverTouchesTheDisk) {
  const auto broker = make_broker();
  WatchedDevice device(kept_options(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  PublishOptions options = durable();
  options.durable = Durable::within(1h);
  for (int n = 0; n < 100; ++n) device.publish("t", "x", options);
  ASSERT_TRUE(device.wait_for_deliveries(100));
  ASSERT_TRUE(stored_.wait_for_count(100, kBound)) << "what is delivered is safe";
  for (const Stored& stored : stored_.all()) EXPECT_FALSE(stored.error);
  EXPECT_EQ(device->status().counters.stored, 0u);
  EXPECT_EQ(device->stop().kept, 0u);
  EXPECT_FALSE(std::filesystem::exists(outbox::Store::file_in(dir_.path() / "state")));
}

TEST_F(DurableTest, ARefusedMessageGoesToTheDeadLetters) {
  const auto acl = dir_.write("acl", "topic readwrite t/#\n");
  const auto broker =
      make_broker({.extra_lines = {"acl_file " + acl.string(), "max_queued_messages 0"}});
  {
    WatchedDevice device(kept_options(broker->tls_port()));
    device->start();
    device.publish("secret", "bad", durable());
    device.publish("t/1", "good", durable());
    ASSERT_TRUE(device.wait_for_deliveries(2));
    EXPECT_TRUE(device.wait_for(EventKind::message_refused));
    EXPECT_EQ(device->stop().kept, 0u);
  }
  const auto letters = dead();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].topic, "secret");
  EXPECT_EQ(as_text(letters[0].payload), "bad");
  EXPECT_NE(letters[0].reason.find("0x87"), std::string::npos) << letters[0].reason;
}

// A broker of MQTT 3.1.1 cannot say why: it hangs up on what is too large, each time.
TEST_F(DurableTest, AMessageThatTakesThreeConnectionsDownIsSetAsideAndNoOther) {
  const auto broker =
      make_broker({.extra_lines = {"max_packet_size 1000", "max_queued_messages 0"}});
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  {
    Options options = kept_options(broker->tls_port());
    options.mqtt_version = MqttVersion::v3_1_1;
    options.backoff = {.base = 1ms, .cap = 1ms};
    WatchedDevice device(options);
    device->start();
    device.publish("t", "before", durable());
    const MessageId poison = device.publish("t", std::string(2'000, 'x'), durable());
    for (int n = 0; n < 30; ++n) device.publish("t", "after", durable());
    const auto delivery = device.wait_for_delivery(poison);
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->error, Errc::set_aside) << delivery->detail;
    EXPECT_TRUE(device.wait_for(EventKind::message_set_aside));
    EXPECT_EQ(device->drain(kBound).undelivered, 0u);
    EXPECT_LE(device->ledger().connections, 7u);
    const Counters counters = device->status().counters;
    EXPECT_EQ(counters.refused, 1u);
    EXPECT_EQ(counters.delivered, 31u);
  }
  ASSERT_TRUE(subscriber.wait_for_count(31, kBound));
  ASSERT_EQ(dead().size(), 1u);
  EXPECT_EQ(dead()[0].payload.size(), 2'000u);
}

TEST_F(DurableTest, ConnectionsThatBreakUnderLoadLoseNothingAndSetNothingAside) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  TcpProxy proxy(broker->tls_port());
  Options options = kept_options(proxy.port());
  options.backoff = {.base = 1ms, .cap = 1ms};
  WatchedDevice device(options);
  device->start();
  constexpr int kMessages = 2'000;
  for (int n = 0; n < kMessages; ++n) {
    device.publish("t", std::to_string(n), durable());
    if (n % 200 == 100) {
      ASSERT_TRUE(device.wait_for(EventKind::connected, static_cast<std::size_t>(n / 200 + 1)));
      proxy.cut_all(TcpProxy::Cut::kReset);
    }
  }
  EXPECT_EQ(device->drain(kBound).undelivered, 0u);
  EXPECT_EQ(device->status().counters.delivered, static_cast<std::uint64_t>(kMessages));
  EXPECT_EQ(device.events_of(EventKind::message_set_aside).size(), 0u)
      << "each line broke at once, whatever was sent on it";
  std::set<std::string> seen;
  ASSERT_TRUE(subscriber.wait_for(
      [&](const auto& messages) {
        seen.clear();
        for (const auto& message : messages) seen.insert(message.payload);
        return seen.size() == static_cast<std::size_t>(kMessages);
      },
      kBound));
}

TEST_F(DurableTest, ADamagedFileIsToldAndTheDeviceGoesOn) {
  const auto broker = make_broker();
  std::filesystem::create_directories(dir_.path() / "state");
  const auto file = outbox::Store::file_in(dir_.path() / "state");
  std::filesystem::copy_file(dir_.write("junk", std::string(10'000, 'x')), file);
  WatchedDevice device(kept_options(broker->tls_port()));
  device->start();
  const auto event = device.wait_for(EventKind::storage_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::storage_failed);
  EXPECT_NE(event->detail.find(file.string() + ".damaged-1"), std::string::npos) << event->detail;
  device.publish("t", "x", durable());
  ASSERT_TRUE(stored_.wait_for_count(1, kBound));
  EXPECT_FALSE(stored_.all()[0].error);
  EXPECT_TRUE(std::filesystem::exists(file.string() + ".damaged-1"));
}

// N, N-1 and N again: nothing is lost.
TEST_F(DurableTest, AFileOfANewerVersionIsToldAndLeftAlone) {
  const auto broker = make_broker();
  std::filesystem::create_directories(dir_.path() / "state");
  const auto newer = dir_.path() / "state" / "outbox-2.db";
  std::filesystem::copy_file(dir_.write("newer", "what only the newer one can read"), newer);
  {
    WatchedDevice device(kept_options(broker->tls_port()));
    device->start();
    const auto event = device.wait_for(EventKind::storage_failed);
    ASSERT_TRUE(event);
    EXPECT_NE(event->detail.find(newer.string()), std::string::npos) << event->detail;
    device.publish("t", "x", durable());
    EXPECT_EQ(device->drain(kBound).undelivered, 0u);
  }
  EXPECT_EQ(read_file(newer), "what only the newer one can read");
}

TEST_F(DurableTest, WhatCannotBeKeptIsRefusedWithTheMend) {
  WatchedDevice nowhere(options_for(unused_port()));
  Receipt receipt = nowhere->publish("t", as_payload("x"), {.durable = Durable::at_push()});
  EXPECT_EQ(receipt.error, Errc::invalid_options);
  EXPECT_NE(receipt.detail.find("state_dir"), std::string::npos) << receipt.detail;

  WatchedDevice device(kept_options(unused_port()));
  receipt = device->publish("t", as_payload("x"),
                            {.qos = Qos::at_most_once, .durable = Durable::at_push()});
  EXPECT_EQ(receipt.error, Errc::invalid_options);
  EXPECT_NE(receipt.detail.find("QoS 0"), std::string::npos) << receipt.detail;
  receipt = device->publish("t", as_payload("x"), {.durable = Durable::within(25h)});
  EXPECT_EQ(receipt.error, Errc::invalid_options);
}

TEST_F(DurableTest, UrgentGoesBeforeABacklogOfOneHundredThousand) {
  auto broker = make_lasting_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "#"});
  broker->stop();
  constexpr std::uint64_t kBacklog = 100'000;
  Options options = kept_options(broker->tls_port());
  options.outbox.messages = 2 * kBacklog;
  options.backoff = {.base = 10ms, .cap = 100ms};
  WatchedDevice device(options);
  device->start();
  for (std::uint64_t n = 0; n < kBacklog;) {
    if (device->publish("backlog", as_payload("x"), {.durable = Durable::at_push()})) {
      ++n;
    } else {
      device->flush(kBound);
    }
  }
  ASSERT_EQ(device->flush(kBound).unstored, 0u);
  device.publish("alarm", "x", {.priority = Priority::urgent, .durable = Durable::at_push()});
  EXPECT_EQ(device->flush(kBound).unstored, 0u);
  broker->start();
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].topic, "alarm");
}

TEST_F(DurableTest, LoopsOfReplacementLeaveOneValueAndItIsTheLast) {
  auto broker = make_lasting_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  broker->stop();
  constexpr int kValues = 5'000;
  {
    WatchedDevice device(kept_options(broker->tls_port()));
    device->start();
    for (int n = 1; n <= kValues; ++n) {
      PublishOptions options{.key = "state", .durable = Durable::at_push()};
      ASSERT_TRUE(device->publish("t", as_payload(std::to_string(n)), options));
    }
    EXPECT_EQ(device->stop().kept, 1u);
  }
  EXPECT_EQ(rows(), 1u);
  broker->start();
  WatchedDevice device(kept_options(broker->tls_port()));
  device->start();
  EXPECT_EQ(device->drain(kBound).undelivered, 0u);
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].payload, std::to_string(kValues));
}

}  // namespace
}  // namespace holdfast::test
