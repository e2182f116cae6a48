// Does the device find its broker by name and by address, IPv6 included?

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "integration/device_fixture.hpp"
#include "support/ports.hpp"

namespace holdfast::test {
namespace {

bool has_ipv6_loopback() {
  const int descriptor = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound =
      ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return bound;
}

class AddressTest : public DeviceTest {
 protected:
  void expect_delivery(const std::string& host, std::uint16_t port, const std::string& address) {
    Options options = options_for(port);
    options.broker = "mqtts://" + host + ":" + std::to_string(port);
    WatchedDevice device(options);
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_EQ(device->status().address, address + ":" + std::to_string(port));
    EXPECT_TRUE(device.events_of(EventKind::connect_failed).empty());
  }

  // Listens on [::1] as well, on `ipv6_port_`.
  std::unique_ptr<Mosquitto> make_broker_with_ipv6() {
    for (int attempt = 1;; ++attempt) {
      ipv6_port_ = unused_port();
      try {
        return make_broker({.tls_extra_lines = {"listener " + std::to_string(ipv6_port_) + " ::1",
                                                "certfile " + key_.cert_file.string(),
                                                "keyfile " + key_.key_file.string()}});
      } catch (const std::runtime_error&) {  // somebody was faster
        if (attempt == 5) throw;
      }
    }
  }

  std::uint16_t ipv6_port_ = 0;
};

// Where the name has several addresses, all of them are tried: here only 127.0.0.1 listens.
TEST_F(AddressTest, ReachesABrokerByName) {
  const auto broker = make_broker();
  expect_delivery("localhost", broker->tls_port(), "127.0.0.1");
}

TEST_F(AddressTest, ReachesABrokerByItsIpv6Address) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 loopback here";
  const auto broker = make_broker_with_ipv6();
  expect_delivery("[::1]", ipv6_port_, "[::1]");
  expect_delivery("127.0.0.1", broker->tls_port(), "127.0.0.1");
}

TEST_F(AddressTest, RefusesAWrongKeyOnIpv6Too) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 loopback here";
  const auto broker = make_broker_with_ipv6();
  Options options = options_for(ipv6_port_);
  options.broker = "mqtts://[::1]:" + std::to_string(ipv6_port_);
  options.pins = {backup_.pin};
  options.pin_count = PinCount::one_is_enough;
  WatchedDevice device(options);
  device->start();
  const auto event = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::identity_refused) << event->detail;
}

TEST_F(AddressTest, ANameWithoutAnAddressIsReportedAndTriedAgain) {
  Options options = options_for(8883);
  options.broker = "mqtts://broker.invalid";
  options.timeouts.resolve = 5s;
  WatchedDevice device(options);
  device->start();
  const auto event = device.wait_for(EventKind::connect_failed, 2);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::name_not_resolved);
  EXPECT_EQ(event->error, Condition::retry_later);
  EXPECT_NE(event->detail.find("broker.invalid"), std::string::npos) << event->detail;
}

}  // namespace
}  // namespace holdfast::test
