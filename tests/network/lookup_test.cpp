// Does a whole device, with the C library's own resolver, find a broker that moves, and go without
// name servers where it can?

#include <stdexcept>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "network/dns_server.hpp"
#include "network/private_network.hpp"
#include "state/slots.hpp"

namespace holdfast::test {
namespace {

class DnsTest : public DeviceTest {
 protected:
  void SetUp() override {
    if (!why_no_private_network().empty()) GTEST_SKIP() << why_no_private_network();
    first_ = make_broker();
    const std::string port = std::to_string(first_->tls_port());
    // The same port on another address: what a name that is moved leads to.
    second_ = make_broker({.tls_extra_lines = {"listener " + port + " 127.0.0.2",
                                               "certfile " + key_.cert_file.string(),
                                               "keyfile " + key_.key_file.string()}});
    names_ = std::make_unique<DnsServer>("127.0.0.1");
    options_ = options_for(first_->tls_port());
    options_.broker = "mqtts://broker.test:" + port;
  }
  void expect_delivery(WatchedDevice& device) {
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
  }

  std::unique_ptr<Mosquitto> first_;
  std::unique_ptr<Mosquitto> second_;
  std::unique_ptr<DnsServer> names_;
  Options options_;
};

TEST_F(DnsTest, AsksOnceAndFollowsABrokerThatMoved) {
  WatchedDevice device(options_);
  device->start();
  expect_delivery(device);
  EXPECT_EQ(names_->questions(), 1U);
  first_->restart();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  names_->set_address("127.0.0.2");
  first_->kill();
  expect_delivery(device);
  EXPECT_EQ(device->status().address.find("127.0.0.2:"), 0U) << device->status().address;
}

// The packets are the C library's, so the bill is an estimate: never under, and not far above.
TEST_F(DnsTest, IsBilledNotLessThanItTakes) {
  options_.address_lifetime = 0s;  // it asks each time
  WatchedDevice device(options_);
  device->start();
  expect_delivery(device);
  first_->restart();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  const std::size_t taken = names_->ip_bytes();
  EXPECT_GT(taken, 0U);
  const std::uint64_t billed = device->ledger().made[Cause::dns].sum();
  EXPECT_GE(billed, taken);
  // A name server on the Internet is asked over IPv6, and answers with records besides.
  EXPECT_LE(billed, 3 * taken);
}

TEST_F(DnsTest, ComesBackWithoutANameServer) {
  options_.address_lifetime = 0s;  // it asks each time
  WatchedDevice device(options_);
  device->start();
  expect_delivery(device);
  names_->be_silent(true);
  first_->restart();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2)) << "the address that worked was forgotten";
  EXPECT_GE(names_->questions(), 2U);
  expect_delivery(device);
}

// --- What is known after a restart
// -------------------------------------------------------------------------------

class KeptAddressTest : public DnsTest {
 protected:
  void SetUp() override {
    DnsTest::SetUp();
    if (IsSkipped()) return;
    options_.state_dir = dir_.path() / "state";
  }

  /// A device is started, delivers and stops. @return where it found the broker
  std::string one_life() {
    WatchedDevice device(options_);
    device->start();
    expect_delivery(device);
    const std::string address = device->status().address;
    device->stop();
    return address.substr(0, address.find(':'));
  }
};

TEST_F(KeptAddressTest, TheNextStartAsksNobody) {
  EXPECT_EQ(one_life(), "127.0.0.1");
  ASSERT_EQ(names_->questions(), 1U);
  EXPECT_EQ(one_life(), "127.0.0.1");
  EXPECT_EQ(one_life(), "127.0.0.1");
  EXPECT_EQ(names_->questions(), 1U);
}

TEST_F(KeptAddressTest, ItNeedsNoNameServerEither) {
  one_life();
  names_->be_silent(true);
  EXPECT_EQ(one_life(), "127.0.0.1");
}

TEST_F(KeptAddressTest, AnAddressThatIsStaleLeadsToANameServer) {
  one_life();
  first_->kill();
  names_->set_address("127.0.0.2");
  EXPECT_EQ(one_life(), "127.0.0.2");
  EXPECT_EQ(names_->questions(), 2U);
  EXPECT_EQ(one_life(), "127.0.0.2") << "where it was found is kept as well";
  EXPECT_EQ(names_->questions(), 2U);
}

// Somebody else is there now: a pin is checked, and not an address.
TEST_F(KeptAddressTest, AnAddressThatBelongsToAnotherNowIsNoDanger) {
  one_life();
  first_->kill();
  first_->options().tls = self_signed(dir_, KeyType::p256, "somebody else");
  first_->start();
  names_->set_address("127.0.0.2");
  EXPECT_EQ(one_life(), "127.0.0.2");
}

TEST_F(KeptAddressTest, AnAddressIsNotUsedForLongerThanAskedFor) {
  one_life();
  options_.address_lifetime = 0s;
  one_life();
  EXPECT_EQ(names_->questions(), 2U);
  // And is what is left when nobody answers.
  names_->be_silent(true);
  EXPECT_EQ(one_life(), "127.0.0.1");
}

TEST_F(KeptAddressTest, AStateThatIsDamagedIsToldAndTheNameIsLookedUp) {
  one_life();
  {
    state::Slots slots(options_.state_dir, "address", 1);
    std::string remark;
    slots.load(remark);
    const std::vector<std::uint8_t> nonsense(100, 0x5A);
    ASSERT_FALSE(slots.store(nonsense));
  }
  WatchedDevice device(options_);
  device->start();
  const auto event = device.wait_for(EventKind::warning);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("addresses of brokers"), std::string::npos) << event->detail;
  expect_delivery(device);
  EXPECT_EQ(names_->questions(), 2U);
}

}  // namespace
}  // namespace holdfast::test
