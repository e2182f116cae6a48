// Do pins hold through a proxy that passes TLS on by the name in its first packet? HAProxy, two
// brokers with a key each behind it, and a device that never sees its certificate on the way.

#include <gtest/gtest.h>

#include "integration/device_fixture.hpp"
#include "support/connect_proxy.hpp"
#include "support/haproxy.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

class SniRouterTest : public DeviceTest {
 protected:
  SniRouterTest() {
    if (!has_haproxy()) return;
    a_ = make_broker({.tls = key_});
    b_ = make_broker({.tls = other_});
  }
  void SetUp() override {
    if (!has_haproxy()) GTEST_SKIP() << "haproxy is not installed";
  }

  // A device that names `host`. A proxy resolves the name: no test may depend on a name service.
  Options options_to(const std::string& host, const std::string& pin) {
    Options options = options_for(443);
    options.broker = "mqtts://" + host + ":443";
    options.pins = {pin};
    options.pin_count = PinCount::one_is_enough;
    return options;
  }
  std::unique_ptr<ConnectProxy> names(const Haproxy& router) {
    return std::make_unique<ConnectProxy>(ConnectProxyOptions{
        .routes = {{"a.test:443", router.port()}, {"b.test:443", router.port()}}});
  }
  void expect_delivery(Options options, const Mosquitto& broker, const std::string& client_id) {
    options.client_id = client_id;
    WatchedDevice device(std::move(options));
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_TRUE(broker.wait_log("as " + client_id, kBound)) << "another broker has it";
  }

  Identity other_ = self_signed(dir_, KeyType::p256, "localhost");
  std::unique_ptr<Mosquitto> a_;
  std::unique_ptr<Mosquitto> b_;
};

TEST_F(SniRouterTest, LeadsEachNameToItsBroker) {
  const Haproxy router({.by_sni = {{"a.test", a_->tls_port()}, {"b.test", b_->tls_port()}},
                        .otherwise = a_->tls_port()});
  const auto proxy = names(router);
  Options to_a = options_to("a.test", key_.pin);
  Options to_b = options_to("b.test", other_.pin);
  to_a.proxy = to_b.proxy = proxy->url();
  expect_delivery(to_a, *a_, "truck-a");
  expect_delivery(to_b, *b_, "truck-b");
}

TEST_F(SniRouterTest, IsRefusedOnAWrongRoute) {
  const Haproxy router({.by_sni = {{"a.test", b_->tls_port()}, {"b.test", a_->tls_port()}},
                        .otherwise = a_->tls_port()});
  const auto proxy = names(router);
  Options options = options_to("a.test", key_.pin);
  options.proxy = proxy->url();
  WatchedDevice device(options);
  device->start();
  const auto failed = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, Errc::identity_refused) << failed->detail;
  EXPECT_NE(failed->detail.find(other_.pin), std::string::npos) << failed->detail;
  EXPECT_EQ(count_in_log(*b_, "as device"), 0U);
}

// Without a proxy in front: "localhost" is a name that goes into SNI, an address is none.
TEST_F(SniRouterTest, TellsANameFromAnAddress) {
  const Haproxy router({.by_sni = {{"localhost", a_->tls_port()}}, .otherwise = b_->tls_port()});
  Options named = options_to("localhost", key_.pin);
  named.broker = "mqtts://localhost:" + std::to_string(router.port());
  Options by_address = options_to("localhost", other_.pin);
  by_address.broker = "mqtts://127.0.0.1:" + std::to_string(router.port());
  expect_delivery(named, *a_, "truck-a");
  expect_delivery(by_address, *b_, "truck-b");
}

// The router closes what is silent: the device comes back by itself, and finds its session.
TEST_F(SniRouterTest, ComesBackWhenTheRouterClosesAtIdle) {
  const Haproxy router({.by_sni = {}, .otherwise = a_->tls_port(), .idle_timeout = "1s"});
  WatchedDevice device(options_for(router.port()));
  device.collect("cmd");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  const auto closed = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->error, Errc::connection_lost) << closed->detail;
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_NE(device.events_of(EventKind::connected).at(1).detail.find("session resumed"),
            std::string::npos);
  Publisher publisher({.port = a_->plain_port(), .client_id = "app"});
  publisher.publish("cmd", "still there");
  ASSERT_TRUE(device.received().wait_for_count(1, kBound));
}

// What only pings impress is learned from two closes after the same silence; then the line holds.
TEST_F(SniRouterTest, HoldsTheLineOnceItKnowsThatTheRouterClosesAfterHalfAMinute) {
  constexpr auto kLong = 90s;
  const Haproxy router({.by_sni = {}, .otherwise = a_->tls_port(), .idle_timeout = "30s"});
  Options options = options_for(router.port());
  options.state_dir = dir_.path() / "state";
  WatchedDevice device(std::move(options));
  device.collect("cmd");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::disconnected, 2, kLong));
  ASSERT_TRUE(device.wait_for(EventKind::connected, 3));
  const bool pinged = a_->wait_log_count("Received PINGREQ from", 2, kLong);
  std::string told;
  for (const Event& event : device.events()) {
    told += std::string(to_string(event.kind)) + " " + event.detail + "\n";
  }
  EXPECT_TRUE(pinged) << told;
  EXPECT_EQ(device.events_of(EventKind::disconnected).size(), 2U) << told;
}

}  // namespace
}  // namespace holdfast::test
