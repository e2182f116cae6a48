// Do many devices of one process live side by side?

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using ManyDevicesTest = DeviceTest;
using Devices = std::vector<std::unique_ptr<WatchedDevice>>;

TEST_F(ManyDevicesTest, TwentyDevicesConnectAndDeliver) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "from/#"});
  constexpr std::size_t kDevices = 20;
  Devices devices;
  for (std::size_t n = 0; n < kDevices; ++n) {
    const std::string name = "device-" + std::to_string(n);
    devices.push_back(std::make_unique<WatchedDevice>(options_for(broker->tls_port(), name)));
  }
  const auto begin = std::chrono::steady_clock::now();
  for (const auto& device : devices) (*device)->start();
  for (std::size_t n = 0; n < kDevices; ++n) {
    ASSERT_TRUE(devices[n]->wait_for(EventKind::connected)) << n;
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    RecordProperty("connected_ms_" + std::to_string(n), std::to_string(time.count()));
  }
  for (std::size_t n = 0; n < kDevices; ++n) {
    devices[n]->publish("from/" + std::to_string(n), std::to_string(n));
  }
  ASSERT_TRUE(subscriber.wait_for_count(kDevices, kBound));
  for (const ReceivedMessage& message : subscriber.messages()) {
    EXPECT_EQ(message.topic, "from/" + message.payload);
  }
  for (const auto& device : devices) EXPECT_TRUE((*device)->stop().clean);
}

TEST_F(ManyDevicesTest, OneDeviceInABlackHoleDoesNotHoldUpTheOthers) {
  const auto broker = make_broker();
  TcpProxy hole(broker->tls_port());
  WatchedDevice connected_then_lost(options_for(hole.port(), "lost"));
  connected_then_lost.collect("down/#");
  connected_then_lost->start();
  ASSERT_TRUE(connected_then_lost.wait_for(EventKind::subscribed));
  hole.black_hole(true);
  connected_then_lost.publish("from/lost", "x");
  WatchedDevice never_connected(options_for(hole.port(), "never"));
  never_connected->start();
  ASSERT_TRUE(hole.wait_for_connections(2, kBound));

  Subscriber subscriber({.port = broker->plain_port(), .filter = "from/#"});
  Devices devices;
  for (std::size_t n = 0; n < 5; ++n) {
    const std::string name = "device-" + std::to_string(n);
    devices.push_back(std::make_unique<WatchedDevice>(options_for(broker->tls_port(), name)));
    (*devices.back())->start();
  }
  for (int round = 0; round < 20; ++round) {
    for (const auto& device : devices) device->publish("from/them", std::to_string(round));
  }
  for (const auto& device : devices) ASSERT_TRUE(device->wait_for_deliveries(20));
  EXPECT_TRUE(subscriber.wait_for_count(100, kBound));
  EXPECT_EQ(connected_then_lost.deliveries().size(), 0u);
  EXPECT_EQ(never_connected->status().state, State::connecting);
}

TEST_F(ManyDevicesTest, DevicesComeAndGoWhileOthersWork) {
  const auto broker = make_broker();
  WatchedDevice steady(options_for(broker->tls_port(), "steady"));
  steady->start();
  for (int n = 0; n < 10; ++n) {
    WatchedDevice brief(options_for(broker->tls_port(), "brief-" + std::to_string(n)));
    brief->start();
    brief.publish("from/brief", "x");
    steady.publish("from/steady", "x");
    ASSERT_TRUE(brief.wait_for_deliveries(1)) << n;
    if (n % 2 == 1) continue;  // the destructor stops it
    EXPECT_TRUE(brief->stop().clean);
  }
  ASSERT_TRUE(steady.wait_for_deliveries(10));
  EXPECT_EQ(steady->status().ledger.connections, 1u);
}

}  // namespace
}  // namespace holdfast::test
