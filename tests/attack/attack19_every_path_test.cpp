// Every way to a session runs the same check: the first connection and a reconnection.
// (Several addresses of a name: tests/integration/address_test. A resumed session, a proxy and a
// second broker come with what makes them.)

#include "attack/attack_fixture.hpp"
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

TEST_F(Attack19Test, Attack19_AReconnectionToTheBackupKey_Good) {
  const auto other = make_broker({.tls = backup_});
  reconnect_to(*other, [&](WatchedDevice& device) {
    ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
    EXPECT_EQ(device->status().vouching_pin, backup_.pin);
  });
}

}  // namespace
}  // namespace holdfast::test
