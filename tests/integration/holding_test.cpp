// Holding the line with real sockets, and giving it up.

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <csignal>

#include <optional>
#include <string>

#include "channel/network_key.hpp"
#include "integration/device_fixture.hpp"
#include "session/idle_state.hpp"
#include "state/slots.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

class HoldingTest : public DeviceTest {
 protected:
  // The socket of this process that is connected to this port of loopback; there is one.
  static int socket_to(std::uint16_t port) {
    for (int fd = 3; fd < 1'024; ++fd) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
      if (peer.sin_family == AF_INET && ntohs(peer.sin_port) == port) return fd;
    }
    return -1;
  }
  static int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
  }

  static std::optional<std::vector<session::IdleRecords::Row>> kept_in(
      const std::filesystem::path& directory) {
    state::Slots slots(directory, "idle", 1);
    std::string remark;
    const auto content = slots.load(remark);
    return content ? session::decode_idle_state(*content, remark) : std::nullopt;
  }

  static void keep_in(const std::filesystem::path& directory,
                      const std::vector<session::IdleRecords::Row>& rows) {
    std::filesystem::create_directory(directory);
    state::Slots slots(directory, "idle", 1);
    std::string remark;
    slots.load(remark);
    ASSERT_FALSE(slots.store(session::encode_idle_state(rows)));
  }
};

TEST_F(HoldingTest, ProbesHoldTheLineOfADeviceThatWantsToBeReached) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.timeouts.response = 200ms;
  WatchedDevice device(options);
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  const int fd = socket_to(broker->tls_port());
  ASSERT_GE(fd, 0);
  ASSERT_TRUE(eventually([&] { return option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1; }, kBound));
  EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), limits::kFirstProbeInterval.count());
  // Once nothing is under way, a lost probe does not end the connection: it is repeated.
  const int patience = static_cast<int>(limits::kFirstProbeInterval.count() + 30) * 1'000;
  EXPECT_TRUE(
      eventually([&] { return option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == patience; }, kBound));
  // What is sent has to be acknowledged within the short time again.
  broker->signal(SIGSTOP);
  device.publish("t", "x");
  EXPECT_TRUE(eventually([&] { return option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 200; }, kBound));
  broker->signal(SIGCONT);
}

TEST_F(HoldingTest, NoProbesAreSentWhereNobodyWantsToReachTheDevice) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("t", "x");
  ASSERT_TRUE(device.wait_for_deliveries(1));
  const int fd = socket_to(broker->tls_port());
  ASSERT_GE(fd, 0);
  EXPECT_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST_F(HoldingTest, WhatWasLearnedOfANetworkIsUsedAfterARestart) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.state_dir = dir_.path() / "state";
  const auto here = channel::network_key(asio::ip::make_address("127.0.0.1"));
  keep_in(options.state_dir, {{.network = here, .record = {.probe = 90s}}});
  WatchedDevice device(options);
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  const int fd = socket_to(broker->tls_port());
  ASSERT_GE(fd, 0);
  EXPECT_TRUE(eventually([&] { return option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 90; }, kBound));
}

TEST_F(HoldingTest, WhatIsLearnedIsKept) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = options_for(proxy.port());
  options.state_dir = dir_.path() / "state";
  {
    WatchedDevice device(options);
    device.collect("down/#");
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::subscribed));
    EXPECT_TRUE(device->stop().clean);
  }
  const auto rows = kept_in(options.state_dir);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().network, channel::network_key(asio::ip::make_address("127.0.0.1")));
  EXPECT_EQ(rows->front().record, session::IdleRecord());
}

TEST_F(HoldingTest, AStateThatIsDamagedIsToldAndLearnedAnew) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.state_dir = dir_.path() / "state";
  std::filesystem::create_directory(options.state_dir);
  {
    state::Slots slots(options.state_dir, "idle", 1);
    std::string remark;
    slots.load(remark);
    const std::vector<std::uint8_t> nonsense(100, 0x5A);
    ASSERT_FALSE(slots.store(nonsense));
  }
  WatchedDevice device(options);
  device->start();
  const auto event = device.wait_for(EventKind::warning);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("idle intervals"), std::string::npos) << event->detail;
  EXPECT_TRUE(device.wait_for(EventKind::connected));
}

// --- Giving the line up: after five seconds, limits::kRestAfter ----------------------------------

TEST_F(HoldingTest, ADeviceHangsUpForAMessageThatHasHoursAndComesBackForOneThatHasNot) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t/#"});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("t/patient", "x", {.max_delay = 12h});
  const auto event = device.wait_for(EventKind::resting);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("bytes"), std::string::npos) << event->detail;
  ASSERT_TRUE(broker->wait_log("Client device disconnected", kBound)) << broker->log();
  EXPECT_TRUE(eventually([&] { return device->status().state == State::resting; }, kBound));
  device.publish("t/urgent", "x");
  ASSERT_TRUE(device.wait_for_deliveries(2));
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  EXPECT_EQ(device->ledger().connections, 2u);
  EXPECT_TRUE(device.events_of(EventKind::disconnected).empty()) << "nothing went wrong";
}

TEST_F(HoldingTest, ARestingDeviceThatIsStoppedDeliversWhatWaits) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("t", "x", {.max_delay = 12h});
  ASSERT_TRUE(device.wait_for(EventKind::resting));
  EXPECT_TRUE(eventually([&] { return device->status().state == State::resting; }, kBound));
  const StopResult result = device->stop(kBound);
  EXPECT_TRUE(result.clean);
  EXPECT_EQ(result.undelivered, 0u);
  EXPECT_TRUE(subscriber.wait_for_count(1, kBound));
}

TEST_F(HoldingTest, ARestingDeviceComesBackForASubscription) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("t", "x", {.max_delay = 12h});
  ASSERT_TRUE(device.wait_for(EventKind::resting));
  device.collect("down/#");
  EXPECT_TRUE(device.wait_for(EventKind::subscribed));
}

}  // namespace
}  // namespace holdfast::test
