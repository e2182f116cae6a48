// Does the broker always have the right word on how a device is, and is a flapping line not told?

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "integration/device_fixture.hpp"
#include "presence/status_document.hpp"
#include "support/pin_sets.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

constexpr const char* kTopic = "fleet/truck/status";

std::optional<presence::StatusDocument> status_of(const ReceivedMessage& message) {
  std::string why;
  auto status = presence::decode_status(as_payload(message.payload), why);
  EXPECT_TRUE(status) << why;
  return status;
}

class PresenceTest : public DeviceTest {
 protected:
  Options present(std::uint16_t port) {
    Options options = options_for(port);
    options.presence = Presence{.topic = kTopic};
    return options;
  }
  // A second without the device ends its session, and with it the broker's patience.
  Options impatient(std::uint16_t port) {
    Options options = present(port);
    options.session_expiry = 1s;
    return options;
  }
  // What a newcomer is told.
  static std::optional<presence::StatusDocument> retained(const Mosquitto& broker) {
    static int newcomers = 0;
    Subscriber newcomer({.port = broker.plain_port(),
                         .filter = kTopic,
                         .client_id = "newcomer-" + std::to_string(++newcomers)});
    if (!newcomer.wait_for_count(1, kBound)) return std::nullopt;
    EXPECT_TRUE(newcomer.messages()[0].retain);
    return status_of(newcomer.messages()[0]);
  }
  std::size_t publishes(const Mosquitto& broker) {
    return count_in_log(broker, "Received PUBLISH from device ");
  }
  // Up, and its birth acknowledged.
  static void expect_born(WatchedDevice& device, const Mosquitto& broker, std::size_t nth = 1) {
    ASSERT_TRUE(device.wait_for(EventKind::connected));
    // By the device's own count: an acknowledgement that it has not read yet would be lost with the
    // connection, and the birth sent again.
    ASSERT_TRUE(eventually([&] { return device->status().counters.delivered >= nth; }, kBound))
        << broker.log();
  }
};

class PresenceVersionsTest : public PresenceTest,
                             public ::testing::WithParamInterface<MqttVersion> {};

INSTANTIATE_TEST_SUITE_P(Versions, PresenceVersionsTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& instance) {
                           return instance.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

TEST_P(PresenceVersionsTest, TellsWhatTheDeviceIsAndTrusts) {
  const auto broker = make_broker();
  Options options = present(broker->tls_port());
  options.mqtt_version = GetParam();
  options.candidate_pins = {self_signed(dir_, KeyType::p256, "localhost").pin};
  WatchedDevice device(options);
  device->set_time(std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)));
  device->start();
  expect_born(device, *broker);
  const auto status = retained(*broker);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->online);
  EXPECT_EQ(status->sdk_version, 0x000100U);
  EXPECT_EQ(status->pins.size(), 2U);
  ASSERT_TRUE(status->vouching);
  EXPECT_EQ(status->vouching->text(), key_.pin);
  EXPECT_EQ(status->pins[0], presence::prefix_of(*status->vouching));
  ASSERT_EQ(status->candidates.size(), 1U);
  EXPECT_FALSE(status->candidates[0].second);
  EXPECT_NE(status->boot, 0U);
  EXPECT_GE(status->since, 1'800'000'000U);
  EXPECT_GE(status->written, status->since);
  EXPECT_GT(status->bytes_up, 300U);
  EXPECT_EQ(status->connections, 1U);
  EXPECT_EQ(status->full_handshakes, 1U);
}

TEST_P(PresenceVersionsTest, AStopIsTold) {
  const auto broker = make_broker();
  Options options = present(broker->tls_port());
  options.mqtt_version = GetParam();
  WatchedDevice device(options);
  device->start();
  expect_born(device, *broker);
  const StopResult stopped = device->stop();
  EXPECT_TRUE(stopped.clean);
  EXPECT_EQ(stopped.undelivered, 0U);
  ASSERT_TRUE(broker->wait_log("Received DISCONNECT from device", kBound)) << broker->log();
  const auto status = retained(*broker);
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->online);
  EXPECT_EQ(status->pins.size(), 2U) << "an operator asks for them while it is away, too";
}

TEST_F(PresenceTest, AQuickReconnectionCostsNoByteOfIt) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(present(proxy.port()));
  Subscriber watcher({.port = broker->plain_port(), .filter = kTopic});
  device->start();
  expect_born(device, *broker);
  const std::uint64_t payload = device->ledger().made[Cause::payload].up;
  for (std::size_t n = 2; n <= 4; ++n) {
    proxy.cut_all();
    ASSERT_TRUE(device.wait_for(EventKind::connected, n));
  }
  // Whatever a reconnection has to say goes out before this.
  ASSERT_TRUE(device.wait_for_delivery(device.publish("other", "x")));
  EXPECT_EQ(device->ledger().made[Cause::payload].up, payload + 1);
  EXPECT_EQ(publishes(*broker), 2U) << broker->log();
  EXPECT_EQ(watcher.count(), 1U);
}

// The delay is 2 · 10 s and the backoff's second.
TEST_F(PresenceTest, ADeviceThatVanishesIsToldAfterTheDelayAndNotBefore) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = present(proxy.port());
  options.reachable_within = 10s;
  WatchedDevice device(options);
  Subscriber watcher({.port = broker->plain_port(), .filter = kTopic});
  device->start();
  expect_born(device, *broker);
  ASSERT_TRUE(watcher.wait_for_count(1, kBound));
  proxy.refuse_new(true);
  proxy.cut_all();
  const auto cut = std::chrono::steady_clock::now();
  ASSERT_TRUE(watcher.wait_for_count(2, 2 * kBound)) << broker->log();
  // The broker counts whole seconds.
  EXPECT_GE(std::chrono::steady_clock::now() - cut, 19s);
  EXPECT_FALSE(status_of(watcher.messages()[1])->online);
  // Back after that, it says so.
  proxy.refuse_new(false);
  ASSERT_TRUE(watcher.wait_for_count(3, kBound)) << broker->log();
  EXPECT_TRUE(status_of(watcher.messages()[2])->online);
}

TEST_F(PresenceTest, AWillThatEndsWithTheSessionIsFollowedByABirth) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(impatient(proxy.port()));
  Subscriber watcher({.port = broker->plain_port(), .filter = kTopic});
  device->start();
  expect_born(device, *broker);
  EXPECT_TRUE(any_says(device.events_of(EventKind::warning), "session_expiry"));
  proxy.refuse_new(true);
  proxy.cut_all();
  ASSERT_TRUE(watcher.wait_for_count(2, kBound)) << broker->log();
  EXPECT_FALSE(status_of(watcher.messages()[1])->online);
  proxy.refuse_new(false);
  ASSERT_TRUE(watcher.wait_for_count(3, kBound)) << broker->log();
  EXPECT_TRUE(status_of(watcher.messages()[2])->online);
}

TEST_F(PresenceTest, WithoutADelayEachLostConnectionIsToldAndMended) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = present(proxy.port());
  options.mqtt_version = MqttVersion::v3_1_1;
  WatchedDevice device(options);
  Subscriber watcher({.port = broker->plain_port(), .filter = kTopic});
  device->start();
  expect_born(device, *broker);
  proxy.cut_all();
  ASSERT_TRUE(watcher.wait_for_count(3, kBound)) << broker->log();
  EXPECT_FALSE(status_of(watcher.messages()[1])->online);
  EXPECT_TRUE(status_of(watcher.messages()[2])->online);
}

TEST_F(PresenceTest, ABrokerThatHasForgottenIsToldAgain) {
  const auto broker = make_broker();
  WatchedDevice device(present(broker->tls_port()));
  device->start();
  expect_born(device, *broker);
  broker->restart();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  ASSERT_TRUE(broker->wait_log("Sending PUBACK to device ", kBound)) << broker->log();
  const auto status = retained(*broker);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->online);
}

TEST_F(PresenceTest, ANewPinSetIsToldOnTheSameConnection) {
  const RootSigner signer;
  const auto broker = make_broker();
  Options options = present(broker->tls_port());
  options.pin_updates = signer.updates();
  const std::string third = self_signed(dir_, KeyType::p256, "localhost").pin;
  WatchedDevice device(options);
  device->start();
  expect_born(device, *broker);
  device->offer_pin_set(signer.set({.version = 5, .pins = {key_.pin, backup_.pin, third}}));
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  expect_born(device, *broker, 2);
  const auto status = retained(*broker);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->pin_set_version, 5U);
  EXPECT_EQ(status->pins.size(), 3U);
}

// It closes in order to prove a new set, and is kept from coming back: the will must still be
// there.
class RenewalTest : public PresenceVersionsTest {};

INSTANTIATE_TEST_SUITE_P(Versions, RenewalTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& instance) {
                           return instance.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

TEST_P(RenewalTest, ADeviceThatDoesNotComeBackFromARenewalIsFoundMissing) {
  const RootSigner signer;
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = impatient(proxy.port());
  options.mqtt_version = GetParam();
  options.pin_updates = signer.updates();
  WatchedDevice device(options);
  Subscriber watcher({.port = broker->plain_port(), .filter = kTopic});
  device->start();
  expect_born(device, *broker);
  proxy.refuse_new(true);
  const std::string other = self_signed(dir_, KeyType::p256, "localhost").pin;
  device->offer_pin_set(
      signer.set({.version = 2, .pins = {backup_.pin, other}, .spread = std::chrono::seconds(0)}));
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));
  const auto is_offline = [](const std::vector<ReceivedMessage>& messages) {
    return !messages.empty() && !status_of(messages.back())->online;
  };
  EXPECT_TRUE(watcher.wait_for(is_offline, kBound)) << broker->log();
}

TEST_F(PresenceTest, TheLastWordTravelsWithTheDisconnect) {
  const auto broker = make_broker();
  const auto records_of = [&](Options options) {
    WatchedDevice device(std::move(options));
    device->start();
    EXPECT_TRUE(device.wait_for(EventKind::connected));
    // Behind the birth, if there is one.
    EXPECT_TRUE(device.wait_for_delivery(device.publish("other", "x")));
    EXPECT_TRUE(device.wait_for_delivery(device.publish("other", "y")));
    const Ledger before = device->ledger();
    device->stop();
    const Ledger after = device->ledger();
    if (std::getenv("HOLDFAST_TEST_TRACE") != nullptr) {
      std::fprintf(stderr, "stop: %llu TLS bytes, %llu IP bytes up\n",
                   static_cast<unsigned long long>(after.tls_bytes_up - before.tls_bytes_up),
                   static_cast<unsigned long long>(after.ip_bytes_up - before.ip_bytes_up));
    }
    return after.tls_records_up - before.tls_records_up;
  };
  Options plain = options_for(broker->tls_port());
  Options with_presence = present(broker->tls_port());
  EXPECT_EQ(records_of(with_presence), records_of(plain));
}

TEST_F(PresenceTest, AFullOutboxLosesNothingOfTheApps) {
  const auto broker = make_broker();
  Options options = present(broker->tls_port());
  options.outbox = {.messages = 3, .when_full = WhenFull::drop_oldest};
  WatchedDevice device(options);
  for (int n = 0; n < 3; ++n) device.publish("other", std::to_string(n));
  device->start();
  ASSERT_TRUE(device.wait_for_deliveries(3));
  for (const Delivery& delivery : device.deliveries().all()) EXPECT_FALSE(delivery.error);
}

}  // namespace
}  // namespace holdfast::test
