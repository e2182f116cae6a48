// Two hundred devices lose their broker in one moment and come back, each by itself. Slow; it has a
// label. (A thousand, in virtual time: tests/unit/session/fleet_test.)

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "support/resources.hpp"

namespace holdfast::test {
namespace {

constexpr std::size_t kDevices = 200;
// The I/O thread and that of the handlers.
constexpr std::size_t kThreadsEach = 2;
constexpr auto kLongBound = 180s;

class FleetTest : public DeviceTest {
 protected:
  FleetTest() {
    // About a dozen descriptors each.
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  void add(const Mosquitto& broker, std::size_t number) {
    Options options = options_for(broker.tls_port(), "device-" + std::to_string(number));
    options.backoff = {.base = 100ms, .cap = 5s, .stable_after = 1s};
    devices_.push_back(std::make_unique<Device>(options));
    // No log of events: of two hundred devices it would be what the memory is spent on.
    devices_.back()->on_event([this](const Event& event) {
      if (event.kind == EventKind::connected) ++up_;
      if (event.kind == EventKind::disconnected) --up_;
      if (event.kind == EventKind::duplicate_client_id) ++duplicates_;
    });
  }

  bool wait_for_up(std::size_t count) {
    return eventually([&] { return up_ == count; }, kLongBound);
  }

  std::atomic<std::size_t> up_{0};
  std::atomic<std::size_t> duplicates_{0};
  std::vector<std::unique_ptr<Device>> devices_;
};

TEST_F(FleetTest, TwoHundredDevicesComeBackAfterTheirBrokerWasRestarted) {
  const auto broker = make_broker({.extra_lines = {"log_type none", "log_type information"}});
  const std::size_t threads_before = thread_count();
  const std::size_t heap_before = heap_in_use_bytes();
  for (std::size_t n = 0; n < kDevices; ++n) add(*broker, n);
  for (const auto& device : devices_) device->start();
  ASSERT_TRUE(wait_for_up(kDevices)) << up_;
  const std::size_t threads = thread_count();
  const std::size_t heap = heap_in_use_bytes();
  // Paho's and its runtime's come once.
  EXPECT_LE(threads, threads_before + kThreadsEach * kDevices + 8);
  RecordProperty("heap_kib_each", std::to_string((heap - heap_before) / kDevices / 1024));
  EXPECT_LE((heap - heap_before) / kDevices, std::size_t{512} * 1024);

  broker->kill();
  ASSERT_TRUE(wait_for_up(0)) << up_;
  broker->start();
  ASSERT_TRUE(wait_for_up(kDevices)) << up_;
  EXPECT_EQ(duplicates_, 0u) << "a restart is no twin";

  // Acknowledged to the device, and not counted by a subscriber of this process: libmosquitto waits
  // with select(2), which ends at 1,024 descriptors.
  std::atomic<std::size_t> delivered{0};
  for (std::size_t n = 0; n < kDevices; ++n) {
    EXPECT_TRUE(devices_[n]->publish("fleet/" + std::to_string(n), as_payload("x"),
                                     {.on_done = [&](const Delivery& delivery) {
                                       if (!delivery.error) ++delivered;
                                     }}));
  }
  EXPECT_TRUE(eventually([&] { return delivered == kDevices; }, kLongBound)) << delivered;
  // What the first connections held is gone; a lookup or two may still run.
  EXPECT_TRUE(eventually([&] { return thread_count() <= threads + 4; }, kBound));
  for (const auto& device : devices_) EXPECT_TRUE(device->stop().clean);
}

}  // namespace
}  // namespace holdfast::test
