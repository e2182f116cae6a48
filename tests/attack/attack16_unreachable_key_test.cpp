// A valid set pins a key that the device cannot reach: by the operator's mistake, or because a
// thief of the old key keeps the device from the new one.

#include <algorithm>
#include <set>

#include "attack/trust_fixture.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using Attack16Test = TrustTest;

TEST_F(Attack16Test, Attack16_TheLastSetThatWorkedCountsUntilTheNewOneIsProven_Good) {
  const auto broker = make_broker();
  WatchedDevice device(trusting(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  hand_out(*broker, {.version = 2, .pins = {next_.pin, attacker_.pin}, .spread = 0s});
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  // It reconnects to prove the set, and finds the old key.
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_FALSE(device->status().pin_set_proven);
  EXPECT_EQ(device->status().vouching_pin, key_.pin);
  re_key(*broker, next_);
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_proven));
  ASSERT_TRUE(device.wait_for(EventKind::connected, 3));
  EXPECT_EQ(device->status().vouching_pin, next_.pin);
  // From now on it is trusted alone.
  re_key(*broker, key_);
  ASSERT_TRUE(device.wait_for(EventKind::key_refused));
}

// The thief has the old key and stands in the way of the broker with the new one.
TEST_F(Attack16Test, Attack16_AThiefOfARevokedKeyGainsNothingByBlockingTheNewOne) {
  const auto broker = make_broker();
  const auto thief = make_broker({.tls = key_});
  TcpProxy road(broker->tls_port());
  WatchedDevice device(trusting(road.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  hand_out(*broker, {.version = 2, .pins = {next_.pin, attacker_.pin}, .revoked = {key_.pin}});
  const auto ended = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(ended) << "the connection rests on a revoked key";
  EXPECT_EQ(ended->error, Errc::identity_refused);
  road.set_target(thief->tls_port());
  road.cut_all();
  const MessageId id = device.publish("t", "kept");
  const auto refused = device.wait_for(EventKind::key_refused, 2);
  ASSERT_TRUE(refused);
  ASSERT_TRUE(refused->key_refusal);
  EXPECT_EQ(refused->key_refusal->seen, key_.pin);
  EXPECT_EQ(refused->key_refusal->pin_set_version, 2u);
  const auto& expected = refused->key_refusal->expected;
  EXPECT_EQ(std::count(expected.begin(), expected.end(), key_.pin), 0);
  EXPECT_EQ(std::count(expected.begin(), expected.end(), backup_.pin), 1)
      << "what is left of the last set that worked";
  EXPECT_EQ(device.events_of(EventKind::connected).size(), 1u);
  EXPECT_EQ(count_in_log(*thief, "as device"), 0u);

  re_key(*broker, next_);
  road.set_target(broker->tls_port());
  road.cut_all();
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

TEST_F(Attack16Test, Attack16_TheBackupOfTheLastSetServesUntilTheNewKeyIsThere_Good) {
  const auto broker = make_broker();
  WatchedDevice device(trusting(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  hand_out(*broker, {.version = 2, .pins = {next_.pin, attacker_.pin}, .revoked = {key_.pin}});
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));
  re_key(*broker, backup_);
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_EQ(device->status().vouching_pin, backup_.pin);
}

TEST_F(Attack16Test, Attack16_NothingLeftMeansRecovery) {
  const auto broker = make_broker();
  const auto recovery = make_broker({.tls = attacker_});
  Options options = trusting(broker->tls_port());
  options.recovery = Recovery{.broker = "mqtts://127.0.0.1:" + std::to_string(recovery->tls_port()),
                              .pins = {attacker_.pin},
                              .after = 1s};
  // The operator has lost every key of the set: the broker has a new one, and the recovery broker
  // the set that pins it.
  hand_out(*recovery, {.version = 2, .pins = {next_.pin, backup_.pin}});
  re_key(*broker, next_);
  Subscriber stranger({.port = recovery->plain_port(), .filter = "#"});
  WatchedDevice device(options);
  const MessageId id = device.publish("t", "for the broker alone");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::key_refused));
  ASSERT_TRUE(device.wait_for(EventKind::recovery));
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device->status().vouching_pin, next_.pin);
  for (const auto& message : stranger.messages()) {
    EXPECT_EQ(message.topic, kTopic) << "no message of the app goes to the recovery broker";
  }
}

TEST_F(Attack16Test, Attack16_TheRecoveryBrokerIsNotAskedBeforeItsTime_Good) {
  const auto broker = make_broker({.tls = next_});
  const auto recovery = make_broker({.tls = attacker_});
  Options options = trusting(broker->tls_port());
  options.recovery = Recovery{.broker = "mqtts://127.0.0.1:" + std::to_string(recovery->tls_port()),
                              .pins = {attacker_.pin}};
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::key_refused, 5));
  EXPECT_TRUE(device.events_of(EventKind::recovery).empty());
  re_key(*broker, key_);
  ASSERT_TRUE(device.wait_for(EventKind::connected));
}

TEST_F(Attack16Test, Attack16_TheRecoveryBrokerNeedsItsOwnPin) {
  const auto broker = make_broker({.tls = next_});
  const auto impostor = make_broker({.tls = key_});
  Options options = trusting(broker->tls_port());
  options.recovery = Recovery{.broker = "mqtts://127.0.0.1:" + std::to_string(impostor->tls_port()),
                              .pins = {attacker_.pin},
                              .after = 1s};
  hand_out(*impostor, {.version = 2, .pins = {next_.pin, backup_.pin}});
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::recovery, 2));
  EXPECT_TRUE(device.events_of(EventKind::pin_set_accepted).empty());
  EXPECT_EQ(count_in_log(*impostor, "as device"), 0u);
}

}  // namespace
}  // namespace holdfast::test
