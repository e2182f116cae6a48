// What the tests of resumed sessions share: a device that keeps its tickets, run as often as
// wanted.

#pragma once

#include <functional>
#include <string>

#include "attack/trust_fixture.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {

class ResumptionAttackTest : public TrustTest {
 protected:
  /// A device that keeps its tickets in a directory of this test.
  Options keeping(std::uint16_t port) {
    Options options = options_for(port);
    options.state_dir = state_dir();
    return options;
  }
  std::filesystem::path state_dir() const { return dir_.path() / "state"; }

  /// One life of a device: it connects, delivers a message, and stops. @return its bill
  Ledger run(const Options& options) {
    WatchedDevice device(options);
    const MessageId id = device.publish("t", "a message");
    device->start();
    const auto delivery = device.wait_for_delivery(id);
    EXPECT_TRUE(delivery && !delivery->error) << "no delivery";
    resumed_ = device->status().tls_resumed;
    EXPECT_TRUE(device->stop().clean);
    events_ = device.events();
    return device->status().ledger;
  }

  void expect_full(const Options& options) {
    const Ledger ledger = run(options);
    EXPECT_EQ(ledger.full_handshakes, 1u);
    EXPECT_EQ(ledger.resumed_handshakes, 0u);
    EXPECT_EQ(ledger.connections, 1u) << "one handshake, not two";
    EXPECT_FALSE(resumed_);
  }
  void expect_resumed(const Options& options) {
    const Ledger ledger = run(options);
    EXPECT_EQ(ledger.full_handshakes, 0u);
    EXPECT_EQ(ledger.resumed_handshakes, 1u);
    EXPECT_EQ(ledger.connections, 1u);
    EXPECT_TRUE(resumed_);
    EXPECT_TRUE(any_says(events_, "TLS resumed"));
  }

  /// The device has a ticket of the genuine broker; now the road leads to somebody else. It is
  /// refused in this way, told nothing, and the message comes to the genuine broker later.
  void expect_refused_with_ticket(std::uint16_t other_port, const Refusal& refusal,
                                  const std::function<void()>& expect_told_nothing) {
    const auto broker = make_broker();
    TcpProxy road(broker->tls_port());
    run(keeping(road.port()));
    road.set_target(other_port);
    Options options = keeping(road.port());
    options.timeouts.handshake = 2s;
    WatchedDevice device(options);
    const MessageId id = device.publish("t", "kept");
    device->start();
    for (std::size_t attempt = 1; attempt <= 2; ++attempt) {
      const auto failed = device.wait_for(EventKind::connect_failed, attempt);
      ASSERT_TRUE(failed) << "no refusal";
      EXPECT_TRUE(failed->error == refusal.error ||
                  (refusal.or_error && failed->error == *refusal.or_error))
          << failed->error << " " << failed->detail;
    }
    EXPECT_GT(road.first_bytes().at(1).size(), road.first_bytes().at(0).size())
        << "the ticket was offered";
    expect_told_nothing();
    EXPECT_TRUE(device.events_of(EventKind::connected).empty());
    EXPECT_EQ(device->status().ledger.resumed_handshakes, 0u);
    road.set_target(broker->tls_port());
    road.cut_all();
    const auto delivery = device.wait_for_delivery(id);
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
  }

  std::vector<Event> events_;  // of the last run
  bool resumed_ = false;
};

}  // namespace holdfast::test
