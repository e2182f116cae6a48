// A fallback broker with pins of its own, and the signed pin sets that judge the first one: neither
// lends its trust to the other, but what is revoked is revoked everywhere.

#include "attack/trust_fixture.hpp"
#include "support/ports.hpp"

namespace holdfast::test {
namespace {

class Attack19FallbackTest : public TrustTest {
 protected:
  // The first broker is away; the second has a key that the set does not name.
  Options with_fallback(const Mosquitto& second) {
    Options options = trusting(unused_port());
    options.fallback_brokers = {
        {.broker = "mqtts://127.0.0.1:" + std::to_string(second.tls_port()), .pins = {own_.pin}}};
    return options;
  }

  Identity own_ = self_signed(dir_, KeyType::p256, "localhost");
};

TEST_F(Attack19FallbackTest, Attack19_ARevokedKeyIsTrustedAsNobodysOwnPin) {
  const auto second = make_broker({.tls = own_});
  WatchedDevice device(with_fallback(*second));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  hand_out(*second, {.version = 2, .pins = {key_.pin, next_.pin}, .revoked = {own_.pin}});
  const auto ended = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(ended) << "the connection rests on a revoked key";
  EXPECT_EQ(ended->error, Errc::identity_refused) << ended->detail;
  device.publish("t", "kept");
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed, 2));
  EXPECT_EQ(device.events_of(EventKind::connected).size(), 1u);
  EXPECT_EQ(device->status().waiting, 1u);
}

TEST_F(Attack19FallbackTest, Attack19_AnotherKeyMayBeRevoked_Good) {
  const auto second = make_broker({.tls = own_});
  WatchedDevice device(with_fallback(*second));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  hand_out(*second, {.version = 2, .pins = {key_.pin, next_.pin}, .revoked = {backup_.pin}});
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_TRUE(device.events_of(EventKind::disconnected).empty());
}

// A set is proven by a broker that it judges, and by no other: or one mistake of the operator, with
// a fallback that goes on to work, would lock a fleet out of its first broker.
TEST_F(Attack19FallbackTest, Attack19_ABrokerWithPinsOfItsOwnProvesNoSet) {
  const auto second = make_broker({.tls = own_});
  WatchedDevice device(with_fallback(*second));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  // It even names the second broker's key.
  hand_out(*second, {.version = 2, .pins = {own_.pin, next_.pin}, .spread = 0s});
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2)) << "it looked for a proof";
  EXPECT_FALSE(device->status().pin_set_proven);
  EXPECT_EQ(device->status().pin_set_version, 2u);
  EXPECT_TRUE(device.events_of(EventKind::pin_set_proven).empty());
}

// The same set and the same key, at a fallback broker that the set judges.
TEST_F(Attack19FallbackTest, Attack19_ABrokerWithoutPinsOfItsOwnProvesASet_Good) {
  const auto second = make_broker();
  Options options = with_fallback(*second);
  options.fallback_brokers[0].pins.clear();
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  hand_out(*second, {.version = 2, .pins = {key_.pin, next_.pin}, .spread = 0s});
  // The live connection is the proof.
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  EXPECT_TRUE(device->status().pin_set_proven);
  EXPECT_EQ(device->status().pin_set_version, 2u);
}

}  // namespace
}  // namespace holdfast::test
