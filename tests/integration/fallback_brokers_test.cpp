// Is another broker of the list taken when the first fails, judged as it should be, and left again?

#include <gtest/gtest.h>

#include "integration/device_fixture.hpp"
#include "support/ports.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

class FallbackBrokersTest : public DeviceTest {
 protected:
  static std::string url_of(std::uint16_t port) {
    return "mqtts://127.0.0.1:" + std::to_string(port);
  }
  Identity other_ = self_signed(dir_, KeyType::p256, "localhost");
};

TEST_F(FallbackBrokersTest, TakesTheSecondWhenNothingListensAtTheFirst) {
  const auto second = make_broker();
  Options options = options_for(unused_port());
  options.fallback_brokers = {{.broker = url_of(second->tls_port())}};
  WatchedDevice device(options);
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device.events_of(EventKind::connecting).size(), 2U);
  EXPECT_TRUE(device.events_of(EventKind::connect_failed).empty()) << "it was one attempt";
  EXPECT_EQ(device->status().vouching_pin, key_.pin);
}

TEST_F(FallbackBrokersTest, JudgesABrokerWithPinsOfItsOwnByThose) {
  const auto second = make_broker({.tls = other_});
  Options options = options_for(unused_port());
  options.fallback_brokers = {{.broker = url_of(second->tls_port()), .pins = {other_.pin}}};
  WatchedDevice device(options);
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device->status().vouching_pin, other_.pin);
  EXPECT_EQ(device->status().counters.pin_failures, 0U);
}

// The pins of the first broker are no pins of the second, and the other way round.
TEST_F(FallbackBrokersTest, TrustsTheFirstOnesKeyNowhereElse) {
  const auto first = make_broker({.tls = other_});
  const auto second = make_broker();
  Options options = options_for(first->tls_port());
  options.fallback_brokers = {{.broker = url_of(second->tls_port()), .pins = {other_.pin}}};
  WatchedDevice device(options);
  device->start();
  const auto failed = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, Errc::identity_refused) << failed->detail;
  EXPECT_NE(failed->detail.find(url_of(first->tls_port()).substr(8)), std::string::npos);
  EXPECT_NE(failed->detail.find(url_of(second->tls_port()).substr(8)), std::string::npos);
  EXPECT_TRUE(device.events_of(EventKind::connected).empty());
}

// A device that subscribed at one broker subscribes at the other as well, with what was added
// since.
TEST_F(FallbackBrokersTest, SubscribesAtEveryBroker) {
  const auto first = make_broker();
  const auto second = make_broker();
  TcpProxy road(first->tls_port());
  Options options = options_for(road.port());
  options.fallback_brokers = {{.broker = url_of(second->tls_port())}};
  WatchedDevice device(options);
  device.collect("a");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  road.refuse_new(true);
  road.cut_all();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  ASSERT_TRUE(device.wait_for(EventKind::subscribed, 2));
  Publisher publisher({.port = second->plain_port(), .client_id = "app"});
  publisher.publish("a", "from the second");
  ASSERT_TRUE(device.received().wait_for_count(1, kBound));
  EXPECT_EQ(text_of(device.received().all()[0]), "from the second");
}

// It proves its key, and lets nobody in: the next attempt begins with the other.
TEST_F(FallbackBrokersTest, GoesOnAfterABrokerThatRefusesTheLogin) {
  const auto first = make_broker({.allow_anonymous = false, .users = {{"somebody", "else"}}});
  const auto second = make_broker();
  Options options = options_for(first->tls_port());
  options.fallback_brokers = {{.broker = url_of(second->tls_port())}};
  WatchedDevice device(options);
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device.events_of(EventKind::connect_failed).size(), 1U);
}

}  // namespace
}  // namespace holdfast::test
