// What does a device do when an address, a route or an interface comes and goes?

#include "network/network_fixture.hpp"

namespace holdfast::test {
namespace {

using NetworkChangeTest = NetworkTest;

// Its backoff is a day: what it does within the bound it does because it saw something.
TEST_F(NetworkChangeTest, AnAddressThatAppearsEndsTheWait) {
  WatchedDevice device(patient_options());
  const MessageId id = device.publish("t", "x");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::waiting));
  set_address("10.77.0.2");
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery) << "the address was not noticed";
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device.events_of(EventKind::connect_failed).size(), 1U);
}

TEST_F(NetworkChangeTest, ADefaultRouteThatAppearsEndsTheWait) {
  Options options = patient_options();
  options.broker = "mqtts://10.99.0.1:" + std::to_string(port_);
  ip("addr add 10.99.0.1/32 dev lo", far_network());
  set_address("10.77.0.2");
  WatchedDevice device(options);
  const MessageId id = device.publish("t", "x");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::waiting));
  ip("route add default via " + std::string(kBrokerAddress));
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery) << "the route was not noticed";
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

// No packet tells of it: without the watch the connection would stay until something has to be
// sent, and then for as long as TCP goes on trying.
TEST_F(NetworkChangeTest, AnAddressThatChangesMovesTheConnection) {
  set_address("10.77.0.2");
  Options options = patient_options();
  options.timeouts.response = 1s;
  WatchedDevice device(options);
  device.collect("cmd");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  ip("addr del 10.77.0.2/24 dev uplink");
  ASSERT_TRUE(device.wait_for(EventKind::disconnected)) << "the loss was not noticed";
  set_address("10.77.0.3");
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  const auto delivery = device.wait_for_delivery(device.publish("t", "from the new address"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

TEST_F(NetworkChangeTest, AnotherAddressLeavesTheConnectionAlone) {
  set_address("10.77.0.2");
  WatchedDevice device(patient_options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  set_address("10.77.0.4");
  ip("addr del 10.77.0.4/24 dev uplink");
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_TRUE(device.events_of(EventKind::disconnected).empty());
}

TEST_F(NetworkChangeTest, GoesOutThroughTheInterfaceThatItIsTold) {
  set_address("10.77.0.2");
  Options options = patient_options();
  options.network_interface = "uplink";
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));

  // Through another one there is no way, although the routes know one.
  options.network_interface = "lo";
  options.client_id = "other";
  options.timeouts.connect = 300ms;
  WatchedDevice other(options);
  other->start();
  ASSERT_TRUE(other.wait_for(EventKind::connect_failed));
  EXPECT_TRUE(other.events_of(EventKind::connected).empty());
}

// A modem that is not plugged in yet. The attempt that its carrier brings about may be under way,
// and doomed, when its address comes: that is not forgotten.
TEST_F(NetworkChangeTest, WaitsForAnInterfaceThatIsMissing) {
  ip("link del uplink");
  cable_ = false;
  Options options = patient_options();
  options.network_interface = "uplink";
  WatchedDevice device(options);
  const MessageId id = device.publish("t", "x");
  device->start();
  const auto failed = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, Errc::unreachable);
  EXPECT_EQ(failed->error, Condition::retry_later);
  EXPECT_NE(failed->detail.find("no network interface uplink"), std::string::npos)
      << failed->detail;
  lay_cable();
  set_address("10.77.0.2");
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

}  // namespace
}  // namespace holdfast::test
