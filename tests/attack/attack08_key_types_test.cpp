// Keys of every kind that a broker may have: each is known by the pin that openssl computes
// (tests/support/keys.hpp), and no other key of its kind passes for it.

#include <gtest/gtest.h>

#include <string>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

class Attack08Test : public DeviceTest, public ::testing::WithParamInterface<KeyType> {};

INSTANTIATE_TEST_SUITE_P(Keys, Attack08Test,
                         ::testing::Values(KeyType::p256, KeyType::p384, KeyType::rsa2048,
                                           KeyType::rsa4096, KeyType::ed25519),
                         [](const auto& instance) { return std::string(name_of(instance.param)); });

TEST_P(Attack08Test, Attack08_IsAcceptedWithThePinThatOpensslComputes_Good) {
  const Identity identity = self_signed(dir_, GetParam(), "localhost");
  const auto broker = make_broker({.tls = identity});
  Options options = options_for(broker->tls_port());
  options.pins = {backup_.pin, identity.pin};
  WatchedDevice device(options);
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device->status().vouching_pin, identity.pin);
}

TEST_P(Attack08Test, Attack08_IsRefusedWithThePinOfAnotherKeyOfItsKind) {
  const Identity identity = self_signed(dir_, GetParam(), "localhost");
  const Identity other = self_signed(dir_, GetParam(), "localhost");
  const auto broker = make_broker({.tls = identity});
  Options options = options_for(broker->tls_port());
  options.pins = {backup_.pin, other.pin};
  WatchedDevice device(options);
  device->start();
  const auto event = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::identity_refused) << event->detail;
  EXPECT_NE(event->detail.find(identity.pin), std::string::npos) << event->detail;
  EXPECT_EQ(count_in_log(*broker, "as device"), 0u);
}

}  // namespace
}  // namespace holdfast::test
