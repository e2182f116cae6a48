// Pins change while connections are being made.

#include "attack/trust_fixture.hpp"

#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using Attack22Test = TrustTest;

// The set arrives while the handshake is under way; it revokes the key that the broker will prove.
TEST_F(Attack22Test, Attack22_AKeyThatIsRevokedDuringTheHandshakeDoesNotConnect) {
  const auto broker = make_broker();
  TcpProxy road(broker->tls_port());
  road.black_hole(true, TcpProxy::Way::kDown);
  Options options = trusting(road.port());
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(road.wait_for_connections(1, kBound));
  device->offer_pin_set(
      operator_.set({.version = 2, .pins = {next_.pin, backup_.pin}, .revoked = {key_.pin}}));
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  road.black_hole(false);
  const auto failed = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, Errc::identity_refused) << failed->detail;
  EXPECT_EQ(count_in_log(*broker, "as device"), 0u);
  EXPECT_TRUE(device.events_of(EventKind::connected).empty());
}

TEST_F(Attack22Test, Attack22_AKeyThatStaysTrustedDoes_Good) {
  const auto broker = make_broker();
  TcpProxy road(broker->tls_port());
  road.black_hole(true, TcpProxy::Way::kDown);
  WatchedDevice device(trusting(road.port()));
  device->start();
  ASSERT_TRUE(road.wait_for_connections(1, kBound));
  device->offer_pin_set(operator_.set({.version = 2, .pins = {key_.pin, next_.pin}}));
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  road.black_hole(false);
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_TRUE(device->status().pin_set_proven);
}

// Sets come in a stream while the connections are cut in a stream: whatever the timing, the device
// is up in the end with a key of the newest set.
TEST_F(Attack22Test, Attack22_AStormOfSetsAndReconnections_Good) {
  const auto broker = make_broker();
  TcpProxy road(broker->tls_port());
  WatchedDevice device(trusting(road.port()));
  device->start();
  constexpr std::uint64_t kSets = 40;
  for (std::uint64_t version = 2; version < kSets + 2; ++version) {
    device->offer_pin_set(operator_.set(
        {.version = version, .pins = {key_.pin, version % 2 == 0 ? next_.pin : backup_.pin}}));
    if (version % 4 == 0) road.cut_all();
    ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted, version - 1));
  }
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device->status().pin_set_version, kSets + 1);
  EXPECT_EQ(device->status().vouching_pin, key_.pin);
  EXPECT_TRUE(device.events_of(EventKind::key_refused).empty());
}

}  // namespace
}  // namespace holdfast::test
