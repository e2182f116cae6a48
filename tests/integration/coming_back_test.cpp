// What a device does when the broker turns it away, against real brokers and scripted ones.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <string_view>

#include "integration/device_fixture.hpp"
#include "support/hostile_tls_server.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using namespace std::string_literals;

// CONNACK with a reason and a Server Reference (MQTT 5 section 3.2.2.3.16).
std::string connack_with_reference(char reason, const std::string& reference) {
  const std::string property = "\x1C\x00"s + static_cast<char>(reference.size()) + reference;
  const std::string body = "\x00"s + reason + static_cast<char>(property.size()) + property;
  return "\x20"s + static_cast<char>(body.size()) + body;
}

std::string disconnect_with_reference(char reason, const std::string& reference) {
  const std::string property = "\x1C\x00"s + static_cast<char>(reference.size()) + reference;
  const std::string body = std::string(1, reason) + static_cast<char>(property.size()) + property;
  return "\xE0"s + static_cast<char>(body.size()) + body;
}

class ComingBackTest : public DeviceTest {
 protected:
  // A broker that answers each CONNECT with `answer` and then says nothing more.
  HostileTlsOptions broker_that_says(std::string answer) {
    HostileTlsOptions options = correct_server(key_);
    options.script = [answer = std::move(answer)](TlsPeer& peer) {
      if (!peer.receive().empty()) peer.send(answer);
      while (!peer.receive().empty()) {
      }
    };
    return options;
  }

  // What the `waiting` events have announced so far, in milliseconds.
  static int announced_ms(const WatchedDevice& device, std::size_t first_events) {
    int sum = 0;
    for (const Event& event : device.events_of(EventKind::waiting)) {
      if (first_events-- == 0) break;
      int milliseconds = 0;
      EXPECT_EQ(std::sscanf(event.detail.c_str(), "attempt %*d in %d ms", &milliseconds), 1);
      sum += milliseconds;
    }
    return sum;
  }
};

std::string at(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

TEST_F(ComingBackTest, AServerReferenceIsFollowedAndTheMessageArrivesThere) {
  const auto other = make_broker();
  HostileTlsServer first(broker_that_says(connack_with_reference('\x9C', at(other->tls_port()))));
  WatchedDevice device(options_for(first.port()));
  device->start();
  const MessageId id = device.publish("t", "x");
  const auto event = device.wait_for(EventKind::referred);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find(at(other->tls_port())), std::string::npos) << event->detail;
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device->status().address, at(other->tls_port()));
  EXPECT_TRUE(device.events_of(EventKind::waiting).empty()) << "it went there at once";
}

TEST_F(ComingBackTest, ABrokerThatMovesInServiceIsFollowed) {
  const auto other = make_broker();
  HostileTlsServer first(broker_that_says(
      "\x20\x03\x00\x00\x00"s +
      disconnect_with_reference('\x9D', "mqtt://nonsense " + at(other->tls_port()))));
  WatchedDevice device(options_for(first.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_EQ(device->status().address, at(other->tls_port()));
  const auto event = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::server_moved) << event->detail;
}

TEST_F(ComingBackTest, AReferenceThatCannotBeReadIsTold) {
  HostileTlsServer first(broker_that_says(connack_with_reference('\x9C', "http://proxy/")));
  WatchedDevice device(options_for(first.port()));
  device->start();
  const auto event = device.wait_for(EventKind::warning);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("http://proxy/"), std::string::npos) << event->detail;
  ASSERT_TRUE(device.wait_for(EventKind::waiting));
  EXPECT_TRUE(device.events_of(EventKind::referred).empty());
}

TEST_F(ComingBackTest, BrokersThatNameEachOtherAreLeftAfterThreeHops) {
  std::atomic<std::uint16_t> second_port{0};
  HostileTlsOptions options = correct_server(key_);
  options.script = [&](TlsPeer& peer) {
    if (!peer.receive().empty()) {
      peer.send(connack_with_reference('\x9C', at(second_port)));
    }
    while (!peer.receive().empty()) {
    }
  };
  HostileTlsServer first(options);
  HostileTlsServer second(broker_that_says(connack_with_reference('\x9C', at(first.port()))));
  second_port = second.port();
  WatchedDevice device(options_for(first.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::waiting));
  EXPECT_EQ(device.events_of(EventKind::referred).size(), 3u);
  EXPECT_EQ(device.events_of(EventKind::connect_failed).size(), 4u);
  EXPECT_EQ(device.events_of(EventKind::connect_failed).back().error, Errc::use_another_server);
}

TEST_F(ComingBackTest, ABrokerThatAcceptsAndClosesIsNotDialledOften) {
  HostileTlsOptions options = correct_server(key_);
  // Takes the login, then leaves: the returning script ends the connection's use, the alert closes.
  options.script = [](TlsPeer& peer) {
    if (peer.receive().empty()) return;
    peer.send("\x20\x03\x00\x00\x00"s);
    peer.send_alert(TlsPeer::Level::kWarning, 0);  // close_notify
  };
  HostileTlsServer server(options);
  Options slow = options_for(server.port());
  slow.backoff = {.base = 5ms, .cap = 100ms, .stable_after = 1min};
  WatchedDevice device(slow);
  const auto begin = std::chrono::steady_clock::now();
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::waiting, 7));
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  EXPECT_LE(device->ledger().connections, 8u);
  // From the third on, each wait is two to four times the cap.
  EXPECT_GE(elapsed.count(), announced_ms(device, 6));
  EXPECT_GE(announced_ms(device, 6), 4 * 200);
  const auto event = device.wait_for(EventKind::duplicate_client_id);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("\"device\""), std::string::npos) << event->detail;
}

class TwinsTest : public ComingBackTest, public ::testing::WithParamInterface<MqttVersion> {};

INSTANTIATE_TEST_SUITE_P(Versions, TwinsTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& instance) {
                           return instance.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

// mosquitto 2.0.11 says nothing to the one that has to go, with either version.
TEST_P(TwinsTest, OneOfTwoDevicesWithOneNameIsTold) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port(), "truck-17");
  options.mqtt_version = GetParam();
  options.backoff = {.base = 1ms, .cap = 50ms, .stable_after = 1min};
  WatchedDevice device(options);
  WatchedDevice twin(options);
  device->start();
  twin->start();
  EXPECT_TRUE(eventually(
      [&] {
        return !device.events_of(EventKind::duplicate_client_id).empty() ||
               !twin.events_of(EventKind::duplicate_client_id).empty();
      },
      kBound));
  auto events = device.events_of(EventKind::duplicate_client_id);
  for (const Event& event : twin.events_of(EventKind::duplicate_client_id)) events.push_back(event);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().error, Errc::session_taken_over);
  EXPECT_NE(events.front().detail.find("truck-17"), std::string::npos) << events.front().detail;
}

TEST_F(ComingBackTest, TwoDevicesWithNamesOfTheirOwnLiveInPeace) {
  const auto broker = make_broker();
  WatchedDevice one(options_for(broker->tls_port(), "truck-17"));
  WatchedDevice other(options_for(broker->tls_port(), "truck-18"));
  one->start();
  other->start();
  one.publish("t", "x");
  other.publish("t", "x");
  ASSERT_TRUE(one.wait_for_deliveries(1));
  ASSERT_TRUE(other.wait_for_deliveries(1));
  EXPECT_TRUE(one.events_of(EventKind::duplicate_client_id).empty());
  EXPECT_EQ(one->ledger().connections + other->ledger().connections, 2u);
}

}  // namespace
}  // namespace holdfast::test
