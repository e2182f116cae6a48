// Every way to a session runs the same check: the first connection, a reconnection, one with a
// ticket in hand, a second broker, one that the broker has named, and a tunnel through a proxy.
// (Several addresses of a name: tests/integration/lookup_test. What else a resumed session rests
// on: attack 11.)

#include "attack/attack_fixture.hpp"
#include "support/connect_proxy.hpp"
#include "support/ports.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

class Attack19Test : public AttackTest {
 protected:
  // The device has been connected; now the road leads to somebody else.
  void reconnect_to(const Mosquitto& other, const std::function<void(WatchedDevice&)>& see) {
    const auto broker = make_broker();
    TcpProxy road(broker->tls_port());
    WatchedDevice device(options_for(road.port()));
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::connected));
    road.set_target(other.tls_port());
    ASSERT_EQ(road.cut_all(), 1u);
    device.publish("t", "kept");
    see(device);
    road.set_target(broker->tls_port());
    road.cut_all();
    ASSERT_TRUE(device.wait_for_deliveries(1));
  }

  // Twice, so that it was not the first attempt alone.
  void expect_refuses(WatchedDevice& device, const Mosquitto& impostor_broker) {
    const auto failed = device.wait_for(EventKind::connect_failed, 2);
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->error, Errc::identity_refused) << failed->detail;
    EXPECT_NE(failed->detail.find(attacker_.pin), std::string::npos) << failed->detail;
    EXPECT_EQ(count_in_log(impostor_broker, "as device"), 0u);
  }

  static void expect_delivers(WatchedDevice& device, MessageId id) {
    const auto delivery = device.wait_for_delivery(id);
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
  }
};

TEST_F(Attack19Test, Attack19_AFirstConnectionToAnImpostor) {
  expect_refused(impostor(), {Errc::identity_refused, attacker_.pin});
}

TEST_F(Attack19Test, Attack19_AFirstConnection_Good) {
  expect_accepted(genuine());
}

TEST_F(Attack19Test, Attack19_AReconnectionToAnImpostor) {
  const auto other = make_broker({.tls = attacker_});
  reconnect_to(*other, [&](WatchedDevice& device) {
    const auto event = device.wait_for(EventKind::connect_failed, 2);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->error, Errc::identity_refused) << event->detail;
    EXPECT_EQ(device.events_of(EventKind::connected).size(), 1u);
    EXPECT_EQ(device->status().waiting, 1u);
    EXPECT_EQ(count_in_log(*other, "as device"), 0u);
  });
}

TEST_F(Attack19Test, Attack19_AResumedSession_Good) {
  const auto broker = make_broker();
  TcpProxy road(broker->tls_port());
  WatchedDevice device(options_for(road.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  road.cut_all();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  const Status status = device->status();
  EXPECT_TRUE(status.tls_resumed);
  EXPECT_EQ(status.vouching_pin, key_.pin) << "the pin that the full handshake matched";
  EXPECT_EQ(status.ledger.full_handshakes, 1u);
  EXPECT_EQ(status.ledger.resumed_handshakes, 1u);
}

TEST_F(Attack19Test, Attack19_AReconnectionToTheBackupKey_Good) {
  const auto other = make_broker({.tls = backup_});
  reconnect_to(*other, [&](WatchedDevice& device) {
    ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
    EXPECT_EQ(device->status().vouching_pin, backup_.pin);
  });
}

// The first broker is away; the second one is an impostor, judged by the trusted keys and by pins
// of its own.
TEST_F(Attack19Test, Attack19_ASecondBrokerThatIsAnImpostor) {
  for (const std::vector<std::string>& own : {std::vector<std::string>{}, {backup_.pin}}) {
    Options options = options_for(0);
    const auto impostor_broker = make_broker({.tls = attacker_});
    const auto broker = make_broker();
    TcpProxy road(impostor_broker->tls_port());
    options.broker = "mqtts://127.0.0.1:" + std::to_string(unused_port());
    options.fallback_brokers = {
        {.broker = "mqtts://127.0.0.1:" + std::to_string(road.port()), .pins = own}};
    if (!own.empty()) options.fallback_brokers[0].pins.push_back(key_.pin);
    WatchedDevice device(options);
    const MessageId id = device.publish("t", "kept");
    device->start();
    ASSERT_NO_FATAL_FAILURE(expect_refuses(device, *impostor_broker));
    EXPECT_EQ(device->status().waiting, 1u);
    road.set_target(broker->tls_port());
    road.cut_all();
    ASSERT_NO_FATAL_FAILURE(expect_delivers(device, id));
  }
}

TEST_F(Attack19Test, Attack19_ASecondBroker_Good) {
  const auto second = make_broker({.tls = backup_});
  Options options = options_for(unused_port());
  options.fallback_brokers = {
      {.broker = "mqtts://127.0.0.1:" + std::to_string(second->tls_port())}};
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_EQ(device->status().vouching_pin, backup_.pin);
}

// The proxy opens its tunnel to somebody else than was asked for.
TEST_F(Attack19Test, Attack19_AnImpostorBehindAProxy) {
  const auto impostor_broker = make_broker({.tls = attacker_});
  const auto broker = make_broker();
  ConnectProxy proxy({.routes = {{"broker.test:8883", impostor_broker->tls_port()}}});
  Options options = options_for(0);
  options.broker = "mqtts://broker.test";
  options.proxy = proxy.url();
  WatchedDevice device(options);
  const MessageId id = device.publish("t", "kept");
  device->start();
  ASSERT_NO_FATAL_FAILURE(expect_refuses(device, *impostor_broker));
  proxy.set_route("broker.test:8883", broker->tls_port());
  ASSERT_NO_FATAL_FAILURE(expect_delivers(device, id));
}

TEST_F(Attack19Test, Attack19_ABrokerBehindAProxy_Good) {
  const auto broker = make_broker({.tls = backup_});
  const ConnectProxy proxy({.routes = {{"broker.test:8883", broker->tls_port()}}});
  Options options = options_for(0);
  options.broker = "mqtts://broker.test";
  options.proxy = proxy.url();
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_EQ(device->status().vouching_pin, backup_.pin);
}

// What the proxy sends behind its answer comes before any handshake: it is nothing that counts.
TEST_F(Attack19Test, Attack19_AProxyThatPlaysTheBrokerInClear) {
  const ConnectProxy proxy({.answer = "HTTP/1.1 200 OK\r\n\r\n\x20\x03\x01\x01\x01"});
  Options options = options_for(0);
  options.broker = "mqtts://broker.test";
  options.proxy = proxy.url();
  WatchedDevice device(options);
  device.publish("t", "kept");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed, 2));
  EXPECT_TRUE(device.events_of(EventKind::connected).empty());
  EXPECT_EQ(device->status().waiting, 1u);
  for (const std::string& request : proxy.requests()) {
    EXPECT_EQ(request.find("MQTT"), std::string::npos);
  }
}

// The pinned broker (or whoever has its key) sends devices elsewhere: MQTT 5 section 4.11.
HostileTlsOptions broker_that_refers_to(HostileTlsOptions options, std::uint16_t port) {
  using namespace std::string_literals;
  const std::string to = "127.0.0.1:" + std::to_string(port);
  const std::string property = "\x1C\x00"s + static_cast<char>(to.size()) + to;
  const std::string body = "\x00\x9D"s + static_cast<char>(property.size()) + property;
  options.script = [answer = "\x20"s + static_cast<char>(body.size()) + body](TlsPeer& peer) {
    if (!peer.receive().empty()) peer.send(answer);
    while (!peer.receive().empty()) {
    }
  };
  return options;
}

TEST_F(Attack19Test, Attack19_AServerReferenceToAnImpostor) {
  HostileTlsServer other(impostor());
  HostileTlsServer first(broker_that_refers_to(genuine(), other.port()));
  WatchedDevice device(options_for(first.port()));
  device->start();
  device.publish("t", "kept");
  const auto event = device.wait_for(EventKind::connect_failed, 2);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::identity_refused)
      << event->detail << "; before it: " << device.wait_for(EventKind::connect_failed)->detail;
  ASSERT_TRUE(other.wait_for_ended(1, kBound));
  for (const HeardFromClient& heard : other.heard()) EXPECT_TRUE(heard.told_nothing());
  EXPECT_EQ(device->status().waiting, 1u);
  // One refusal is enough: its own broker is asked again.
  ASSERT_TRUE(first.wait_for_ended(2, kBound));
}

TEST_F(Attack19Test, Attack19_AServerReference_Good) {
  const auto other = make_broker({.tls = backup_});
  HostileTlsServer first(broker_that_refers_to(genuine(), other->tls_port()));
  WatchedDevice device(options_for(first.port()));
  device->start();
  device.publish("t", "kept");
  ASSERT_TRUE(device.wait_for_deliveries(1));
  EXPECT_EQ(device->status().vouching_pin, backup_.pin);
}

}  // namespace
}  // namespace holdfast::test
