#include "attack/attack_fixture.hpp"

#include <ostream>
#include <utility>

#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

// Attempts that are watched before the real broker takes the peer's place.
constexpr std::size_t kAttempts = 2;

// A lie that ends in silence has to end the attempt all the same.
constexpr auto kHandshakeBound = 2s;

}  // namespace

AttackTest::AttackTest() : attacker_(self_signed(dir_, KeyType::p256, "localhost")) {}

void AttackTest::expect_refused_at(std::uint16_t port, const Refusal& refusal, Options options,
                                   const std::function<void()>& expect_told_nothing) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  TcpProxy proxy(port);
  options.broker = "mqtts://127.0.0.1:" + std::to_string(proxy.port());
  WatchedDevice device(std::move(options));
  const MessageId id = device.publish("t", "kept");
  device->start();
  for (std::size_t attempt = 1; attempt <= kAttempts; ++attempt) {
    const auto failed = device.wait_for(EventKind::connect_failed, attempt);
    ASSERT_TRUE(failed) << "no refusal";
    EXPECT_TRUE(failed->error == refusal.error ||
                (refusal.or_error && failed->error == *refusal.or_error))
        << failed->error << " " << failed->detail;
    EXPECT_NE(failed->detail.find(refusal.says), std::string::npos) << failed->detail;
  }
  expect_told_nothing();
  EXPECT_TRUE(device.events_of(EventKind::connected).empty());
  EXPECT_EQ(device->status().waiting, 1u);

  proxy.set_target(broker->tls_port());
  proxy.cut_all();
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery) << "no good connection after the refusals";
  EXPECT_FALSE(delivery->error) << delivery->detail;
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].payload, "kept");
  EXPECT_TRUE(device->stop().clean);
}

void AttackTest::expect_refused(HostileTlsOptions peer, const Refusal& refusal, Options options) {
  // It plays a broker to whom believes it: a device that is taken in gives itself away.
  ScriptedBroker taken_in;
  if (!peer.script) peer.script = taken_in.script();
  HostileTlsServer server(std::move(peer));
  options.timeouts.handshake = kHandshakeBound;
  expect_refused_at(server.port(), refusal, std::move(options), [&server] {
    ASSERT_TRUE(server.wait_for_ended(kAttempts, kBound));
    for (const HeardFromClient& heard : server.heard()) {
      EXPECT_EQ(heard.application_data, "");
      EXPECT_EQ(heard.undecipherable_records, 0u);
    }
  });
}

void AttackTest::expect_refused(HostileTlsOptions peer, const Refusal& refusal) {
  expect_refused(std::move(peer), refusal, options_for(0));
}

void AttackTest::expect_refused(const OpensslServer& peer, const Refusal& refusal) {
  expect_refused_at(peer.port(), refusal, options_for(0), [&peer] {
    EXPECT_EQ(peer.output().find("MQTT"), std::string::npos) << peer.output();
  });
}

void AttackTest::expect_refused(const Mosquitto& peer, const Refusal& refusal) {
  expect_refused_at(peer.tls_port(), refusal, options_for(0), [this, &peer] {
    EXPECT_EQ(count_in_log(peer, "as device"), 0u) << peer.log();
  });
}

void AttackTest::expect_accepted(HostileTlsOptions peer, Options options) {
  ScriptedBroker broker;
  peer.script = broker.script();
  HostileTlsServer server(std::move(peer));
  options.broker = "mqtts://127.0.0.1:" + std::to_string(server.port());
  WatchedDevice device(std::move(options));
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "good"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(broker.messages().all(), std::vector<std::string>{"good"});
  EXPECT_TRUE(device->stop().clean);
  EXPECT_TRUE(device.events_of(EventKind::connect_failed).empty());
  // What the refusals look for is found where it should be.
  EXPECT_NE(server.heard().at(0).application_data.find("MQTT"), std::string::npos);
}

void AttackTest::expect_accepted(HostileTlsOptions peer) {
  expect_accepted(std::move(peer), options_for(0));
}

Options AttackTest::options_with_pin(std::string pin) {
  Options options = options_for(0);
  options.pins = {std::move(pin), key_.pin};
  return options;
}

}  // namespace holdfast::test
