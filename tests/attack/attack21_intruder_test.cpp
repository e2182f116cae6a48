// Is the pipe between Paho and the SDK really private? A local process connects to the relay's
// listener before Paho does: it must not get a byte, and not keep the device from coming up.

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>

#include "integration/device_fixture.hpp"
#include "support/process.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

constexpr const char* kUser = "truck";
constexpr const char* kPassword = "not for the neighbours";

class Attack21Test : public DeviceTest {
 protected:
  Options options_with_password(std::uint16_t port) {
    Options options = options_for(port);
    options.backoff = {.base = 1ms, .cap = 5ms, .stable_after = 0ms};
    options.username = kUser;
    options.password = kPassword;
    return options;
  }

  // That the password travels, and where to: the broker lets nobody in without it.
  std::unique_ptr<Mosquitto> make_broker_with_password() {
    return make_broker({.allow_anonymous = false, .users = {{kUser, kPassword}}});
  }

  static SubscriberOptions subscriber_at(const Mosquitto& broker) {
    return {.port = broker.plain_port(), .filter = "t", .username = kUser, .password = kPassword};
  }

  // Connections of a device that are cut again and again, each after a delivery.
  // @param enough tells when no more are needed
  std::size_t connect_often(WatchedDevice& device, TcpProxy& proxy, std::size_t most,
                            const std::function<bool()>& enough) {
    std::size_t connections = 0;
    device->start();
    while (connections < most && !enough()) {
      ++connections;
      const auto delivery =
          device.wait_for_delivery(device.publish("t", std::to_string(connections)));
      EXPECT_TRUE(delivery && !delivery->error);
      proxy.cut_all();
      EXPECT_TRUE(device.wait_for(EventKind::connected, connections + 1));
      if (HasFailure()) break;
    }
    return connections;
  }
};

TEST_F(Attack21Test, Attack21_AProcessThatConnectsFirst) {
  const auto broker = make_broker_with_password();
  Subscriber subscriber(subscriber_at(*broker));
  TcpProxy proxy(broker->tls_port());
  // After the sockets of this test, so that it leaves them alone.
  Process intruder({HOLDFAST_TEST_INTRUDER, std::to_string(::getpid())});
  const auto line = intruder.wait_for_line("", kBound);
  ASSERT_TRUE(line);
  if (*line == "no sock_diag here") GTEST_SKIP() << *line;

  WatchedDevice device(options_with_password(proxy.port()));
  // It does not win each race: it gets many.
  constexpr std::size_t kMostRaces = 500;
  constexpr std::size_t kWins = 3;
  const std::size_t races = connect_often(device, proxy, kMostRaces, [&device] {
    return device->status().counters.intruders >= kWins;
  });
  RecordProperty("races", std::to_string(races));
  EXPECT_GE(device->status().counters.intruders, kWins)
      << "the intruder never came first; " << intruder.output();
  const auto event = device.wait_for(EventKind::intruder, kWins);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("dropped"), std::string::npos) << event->detail;
  // Not a byte, and so no password.
  EXPECT_TRUE(intruder.wait_for_lines("dropped", kWins, kBound)) << intruder.output();
  EXPECT_EQ(intruder.count_lines("received"), 0u) << intruder.output();
  EXPECT_TRUE(subscriber.wait_for_count(races, kBound));
  EXPECT_TRUE(device->stop().clean);
}

TEST_F(Attack21Test, Attack21_WithoutIt_Good) {
  const auto broker = make_broker_with_password();
  Subscriber subscriber(subscriber_at(*broker));
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(options_with_password(proxy.port()));
  constexpr std::size_t kConnections = 5;
  connect_often(device, proxy, kConnections, [] { return false; });
  EXPECT_TRUE(subscriber.wait_for_count(kConnections, kBound));
  EXPECT_EQ(device->status().counters.intruders, 0u);
  EXPECT_TRUE(device.events_of(EventKind::intruder).empty());
  EXPECT_TRUE(device->stop().clean);
}

}  // namespace
}  // namespace holdfast::test
