// Is the line probed when the app wants to be reachable or the broker demands it, and only then?

#include <gtest/gtest.h>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using KeepAliveTest = DeviceTest;

TEST_F(KeepAliveTest, OnlyADeviceThatWantsToBeReachedSendsPings) {
  const auto broker = make_broker();
  const auto reachable = [&](const char* client_id) {
    Options options = options_for(broker->tls_port(), client_id);
    options.reachable_within = 10s;
    options.timeouts.response = 1s;
    return options;
  };
  WatchedDevice listener(reachable("listener"));
  listener.collect("down/#");
  WatchedDevice talker(reachable("talker"));
  talker->start();
  talker.publish("t", "x");
  ASSERT_TRUE(talker.wait_for_deliveries(1));
  listener->start();
  ASSERT_TRUE(listener.wait_for(EventKind::subscribed));
  EXPECT_TRUE(broker->wait_log("as talker (p5, c0, k0)", kBound)) << broker->log();
  EXPECT_TRUE(broker->wait_log("as listener (p5, c0, k10)", kBound)) << broker->log();

  ASSERT_TRUE(broker->wait_log("Received PINGREQ from listener", kBound));
  ASSERT_TRUE(broker->wait_log("Sending PINGRESP to listener", kBound));
  EXPECT_EQ(count_in_log(*broker, "Received PINGREQ from talker"), 0u);
  EXPECT_EQ(listener->status().state, State::connected);
  EXPECT_EQ(talker->status().ledger.connections, 1u);
}

TEST_F(KeepAliveTest, HonoursTheKeepAliveThatTheBrokerDemands) {
  const auto broker = make_broker({.extra_lines = {"max_keepalive 10"}});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  ASSERT_TRUE(broker->wait_log("Sending PINGRESP to device", kBound)) << broker->log();
  // A device that does not obey is thrown out before it sends a ping. mosquitto 2.0.21 throws out
  // some of those that do, right after they have connected; 2.0.11 nobody.
  const bool is_just = count_in_log(*broker, "mosquitto version 2.0.11 ") > 0;
  const auto thrown_out = is_just ? 0 : count_in_log(*broker, "device has exceeded timeout");
  EXPECT_LE(device->status().ledger.connections, 1 + thrown_out) << broker->log();
}

TEST_F(KeepAliveTest, AnIdleSubscriberNoticesADeadLineAndComesBack) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = options_for(proxy.port());
  options.reachable_within = 10s;
  options.timeouts.response = 1s;
  options.timeouts.handshake = 2s;
  WatchedDevice device(options);
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  const auto silent_since = std::chrono::steady_clock::now();
  proxy.black_hole(true);
  const auto event = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::timed_out);
  EXPECT_NE(event->detail.find("PINGREQ"), std::string::npos) << event->detail;
  // As promised by reachable_within; a second more for a busy machine.
  EXPECT_LE(std::chrono::steady_clock::now() - silent_since, 11s);
  proxy.black_hole(false);
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
}

TEST_F(KeepAliveTest, ADeadLineIsNoticedSoonWhenAMessageIsUnderWay) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = options_for(proxy.port());
  options.timeouts.response = 500ms;
  options.timeouts.handshake = 2s;
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  proxy.black_hole(true);
  const MessageId id = device.publish("t", "x");
  const auto event = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::timed_out) << event->detail;
  proxy.cut_all();
  proxy.black_hole(false);
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

// A broker that answers pings and never acknowledges.
TEST_F(KeepAliveTest, AMessageThatIsNeverAcknowledgedEndsTheConnection) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = options_for(proxy.port());
  options.timeouts.ack = 500ms;
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  proxy.black_hole(true, TcpProxy::Way::kDown);
  const MessageId id = device.publish("t", "x");
  const auto event = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::timed_out);
  EXPECT_NE(event->detail.find("unacknowledged"), std::string::npos) << event->detail;
  proxy.cut_all();
  proxy.black_hole(false);
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

}  // namespace
}  // namespace holdfast::test
