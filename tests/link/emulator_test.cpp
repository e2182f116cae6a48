// Is the emulated link one between two networks, and does it do to real TCP what it is told?

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "link/link_fixture.hpp"
#include "support/resources.hpp"

namespace holdfast::test {
namespace {

using EmulatorTest = LinkTest;

TEST_F(EmulatorTest, CarriesASessionAndCountsItsPackets) {
  const auto broker = make_far_broker();
  WatchedDevice device(far_options(*broker));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  device.publish("t", "hello");
  ASSERT_TRUE(device.wait_for_deliveries(1));
  device->stop();
  const link::Traffic all = link_->traffic();
  const link::Traffic session = link_->traffic(broker->tls_port());
  EXPECT_GT(session.packets_up, 4u);
  EXPECT_GT(session.packets_down, 4u);
  EXPECT_GT(session.ip_bytes(), 1'500u);
  EXPECT_GE(all.ip_bytes(), session.ip_bytes());
}

TEST_F(EmulatorTest, KeepsTheBrokerOutOfThisNetwork) {
  const auto broker = make_far_broker();
  Options options = options_for(broker->tls_port());  // 127.0.0.1, where it is not
  WatchedDevice device(std::move(options));
  device->start();
  const auto failed = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, Errc::connection_refused);
}

TEST_F(EmulatorTest, DelaysARoundTrip) {
  const auto broker = make_far_broker();
  WatchedDevice device(far_options(*broker));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  set({.delay = 300ms});
  const auto began = std::chrono::steady_clock::now();
  device.publish("t", "hello");
  ASSERT_TRUE(device.wait_for_deliveries(1));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 600ms);
}

TEST_F(EmulatorTest, LeavesNothingBehind) {
  link_.reset();
  const std::size_t descriptors = open_descriptors();
  const std::size_t threads = thread_count();
  link_ = std::make_unique<link::Link>();
  {
    const auto broker = make_far_broker();
    make_far_subscriber(*broker);
  }
  link_.reset();
  EXPECT_EQ(open_descriptors(), descriptors);
  // Not "as many": the first link's thread, ended a moment before, may still have been counted.
  EXPECT_TRUE(eventually([&] { return thread_count() <= threads; }, kBound));
}

}  // namespace
}  // namespace holdfast::test
