// Is a full or read-only disk a clear error and a recovery, and is nothing lost by it?

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "disk/small_disk.hpp"
#include "integration/device_fixture.hpp"
#include "observe/event_file.hpp"
#include "support/event_wait.hpp"
#include "support/ports.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

class FailingDiskTest : public DeviceTest {
 protected:
  void SetUp() override {
    if (!why_no_disks().empty()) GTEST_SKIP() << why_no_disks();
    disk_ = std::make_unique<SmallDisk>(std::size_t{1024} * 1024);
  }
  Options disk_options(std::uint16_t port) {
    Options options = options_for(port);
    options.state_dir = disk_->path() / "state";
    return options;
  }
  std::filesystem::path make_directory(const std::string& name) {
    std::filesystem::create_directory(dir_.path() / name);
    return dir_.path() / name;
  }
  PublishOptions durable() {
    return {.durable = Durable::at_push(),
            .on_stored = [this](const Stored& stored) { stored_.append(stored); }};
  }

  EventLog<Stored> stored_;
  std::unique_ptr<SmallDisk> disk_;
};

TEST_F(FailingDiskTest, WhatAFullDiskCannotTakeIsStoredOnceThereIsRoom) {
  WatchedDevice device(disk_options(unused_port()));
  device->start();
  device.publish("t", "first", durable());
  ASSERT_TRUE(stored_.wait_for_count(1, kBound));
  disk_->fill();
  constexpr std::size_t kMore = 50;
  for (std::size_t n = 0; n < kMore; ++n) device.publish("t", std::string(1'000, 'x'), durable());
  const auto event = device.wait_for(EventKind::storage_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::storage_failed);
  EXPECT_NE(event->detail.find("no room"), std::string::npos) << event->detail;
  EXPECT_LT(stored_.size(), 1 + kMore);
  disk_->empty();
  EXPECT_TRUE(device.wait_for(EventKind::storage_works));
  ASSERT_TRUE(stored_.wait_for_count(1 + kMore, kBound));
  for (const Stored& stored : stored_.all()) EXPECT_FALSE(stored.error) << stored.detail;
  EXPECT_EQ(device->stop().kept, 1 + kMore);
  EXPECT_EQ(device.events_of(EventKind::storage_failed).size(), 1u) << "once, not with each try";
}

TEST_F(FailingDiskTest, MessagesFlowWhileTheDiskIsFull) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  WatchedDevice device(disk_options(broker->tls_port()));
  device.publish("t", "first", durable());
  ASSERT_TRUE(stored_.wait_for_count(1, kBound));
  disk_->fill();
  device->start();
  for (int n = 0; n < 200; ++n) device.publish("t", std::string(1'000, 'x'), durable());
  EXPECT_EQ(device->drain(kBound).undelivered, 0u);
  ASSERT_TRUE(subscriber.wait_for_count(201, kBound));
  ASSERT_TRUE(stored_.wait_for_count(201, kBound)) << "what is delivered is safe";
}

TEST_F(FailingDiskTest, ADeviceStartsOnAFullDiskAndSendsWhatIsStored) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  {
    WatchedDevice device(disk_options(unused_port()));
    for (int n = 0; n < 20; ++n) device.publish("t", "x", durable());
    EXPECT_EQ(device->flush(kBound).unstored, 0u);
    EXPECT_EQ(device->stop().kept, 20u);
  }
  disk_->fill();
  WatchedDevice device(disk_options(broker->tls_port()));
  device->start();
  EXPECT_EQ(device->drain(kBound).undelivered, 0u);
  ASSERT_TRUE(subscriber.wait_for_count(20, kBound));
}

TEST_F(FailingDiskTest, AFileThatHasReachedItsBoundMakesRoomByWhatIsDelivered) {
  auto broker =
      make_broker({.persistence_dir = make_directory("broker")});  // its subscriber misses nothing
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  broker->stop();
  disk_ = std::make_unique<SmallDisk>(std::size_t{64} * 1024 * 1024);
  Options options = disk_options(broker->tls_port());
  options.outbox.file_bytes = std::uint64_t{1024} * 1024;
  WatchedDevice device(options);
  device->start();
  constexpr std::size_t kMessages = 1'500;
  for (std::size_t n = 0; n < kMessages; ++n)
    device.publish("t", std::string(1'000, 'x'), durable());
  const auto event = device.wait_for(EventKind::storage_failed);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("1048576"), std::string::npos) << event->detail;
  broker->start();
  EXPECT_EQ(device->drain(kBound).undelivered, 0u);
  ASSERT_TRUE(subscriber.wait_for_count(kMessages, kBound));
  ASSERT_TRUE(stored_.wait_for_count(kMessages, kBound));
  for (const Stored& stored : stored_.all()) EXPECT_FALSE(stored.error) << stored.detail;
}

TEST_F(FailingDiskTest, EventsThatFindNoRoomCostOneWarning) {
  const auto broker = make_broker();
  WatchedDevice device(disk_options(broker->tls_port()));
  disk_->fill();
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  ASSERT_TRUE(device.wait_for(EventKind::warning));
  ASSERT_TRUE(device.wait_for_delivery(device.publish("t", "hello")));
  std::size_t told = 0;
  for (const Event& event : device.events_of(EventKind::warning)) {
    told += event.detail.find("events.1.ring") != std::string::npos ? 1U : 0U;
  }
  EXPECT_EQ(told, 1U);
  disk_->empty();
  EXPECT_TRUE(device->stop().clean);
  std::string remark;
  const auto kept = observe::EventFile::peek(disk_->path() / "state", remark).records;
  ASSERT_FALSE(kept.empty()) << "the last attempt is at the end";
  EXPECT_EQ(kept.back().kind, "stopped");
}

TEST_F(FailingDiskTest, AReadOnlyDirectoryIsNamedBeforeAnythingIsLost) {
  std::filesystem::create_directory(disk_->path() / "state");
  disk_->make_read_only(true);
  try {
    Device device(disk_options(unused_port()));
    FAIL() << "a device that can keep nothing was made";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.field(), "state_dir");
    EXPECT_EQ(error.value(), (disk_->path() / "state").string());
    EXPECT_NE(std::string(error.mend()).find("Read-only"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace holdfast::test
