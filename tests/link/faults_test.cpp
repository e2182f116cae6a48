// Does everything arrive over links that are as bad as real ones?

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "link/link_fixture.hpp"

namespace holdfast::test {
namespace {

class FaultsTest : public LinkTest {
 protected:
  static constexpr auto kLong = 100s;

  /// Publishes messages with the numbers from `first` on.
  static void publish_numbers(WatchedDevice& device, std::size_t first, std::size_t count,
                              std::size_t padding = 0) {
    for (std::size_t i = first; i < first + count; ++i) {
      device.publish("n", std::to_string(i) + std::string(padding, ' '));
    }
  }

  /// The subscriber has every number below `count`; `twice` tells whether one may have come again.
  enum class Twice { never, allowed };
  static void expect_all(const Subscriber& subscriber, std::size_t count, Twice twice) {
    const auto numbers = [](const std::vector<ReceivedMessage>& messages) {
      std::set<std::string> found;
      for (const ReceivedMessage& message : messages) found.insert(message.payload);
      return found;
    };
    EXPECT_TRUE(subscriber.wait_for(
        [&](const auto& messages) { return numbers(messages).size() == count; }, kLong))
        << numbers(subscriber.messages()).size() << " of " << count;
    if (twice == Twice::never) {
      EXPECT_EQ(subscriber.count(), count);
    }
  }
};

TEST_F(FaultsTest, FindsABlackHoleWithinTwentySecondsAndLosesNothing) {
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  WatchedDevice device(far_options(*broker));  // with the timeouts that everybody has
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  set({.black_hole = true});
  const auto began = std::chrono::steady_clock::now();
  publish_numbers(device, 0, 5);
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_LT(took, 25s);
  set({});
  expect_all(*subscriber, 5, Twice::never);  // nothing of it had come through
  EXPECT_TRUE(device.wait_for(EventKind::connected, 2));
}

TEST_F(FaultsTest, LivesWithADelayOfTwoSeconds) {
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  WatchedDevice device(far_options(*broker));
  set({.delay = 2s});
  device->start();
  publish_numbers(device, 0, 50);
  expect_all(*subscriber, 50, Twice::never);
  EXPECT_TRUE(device.wait_for_deliveries(50));
  EXPECT_EQ(device->ledger().connections, 1U);
}

TEST_F(FaultsTest, LivesWithAFifthLost) {
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  WatchedDevice device(far_options(*broker));
  set({.delay = 20ms, .loss = 0.2});
  device->start();
  publish_numbers(device, 0, 200);
  expect_all(*subscriber, 200, Twice::allowed);
  EXPECT_TRUE(device.deliveries().wait_for_count(200, kLong));
}

TEST_F(FaultsTest, LivesWithDuplicatesAndDisorder) {
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  WatchedDevice device(far_options(*broker));
  set({.delay = 5ms, .duplicate = 0.3, .reorder = 0.3, .reorder_by = 20ms});
  device->start();
  publish_numbers(device, 0, 500);
  expect_all(*subscriber, 500, Twice::never);
  EXPECT_TRUE(device.deliveries().wait_for_count(500, kLong));
  EXPECT_EQ(device->ledger().connections, 1U);
}

TEST_F(FaultsTest, LivesWithTwoKilobitsASecond) {
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  WatchedDevice device(far_options(*broker));
  set({.delay = 100ms, .capacity = link::Capacity::of_rate(2'000), .queue_bytes = 4'096});
  device->start();
  publish_numbers(device, 0, 30);
  expect_all(*subscriber, 30, Twice::allowed);
  EXPECT_TRUE(device.deliveries().wait_for_count(30, kLong));
  EXPECT_EQ(device->ledger().connections, 1U);
}

// A queue that holds a minute stands in the network, as on many a mobile link: what keeps it empty
// is the window.
TEST_F(FaultsTest, UrgentDataOvertakesABacklogOnTwoKilobitsASecond) {
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  WatchedDevice device(far_options(*broker));
  set({.delay = 100ms, .capacity = link::Capacity::of_rate(2'000), .queue_bytes = 64 * 1024});
  for (int i = 0; i < 500; ++i) device.publish("backlog", std::string(100, 'x'));
  device->start();
  // The backlog is on its way, and the window has found its size.
  ASSERT_TRUE(device.deliveries().wait_for_count(30, kLong));
  const auto began = std::chrono::steady_clock::now();
  const std::size_t before = subscriber->count();
  device.publish("alarm", "fire", {.priority = Priority::urgent});
  std::size_t place = 0;
  ASSERT_TRUE(subscriber->wait_for(
      [&place](const std::vector<ReceivedMessage>& messages) {
        const auto alarm =
            std::find_if(messages.begin(), messages.end(),
                         [](const ReceivedMessage& message) { return message.topic == "alarm"; });
        place = static_cast<std::size_t>(alarm - messages.begin());
        return alarm != messages.end();
      },
      kLong));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  // Those before it take half a second each: ten of them are five seconds.
  EXPECT_LE(place - before, 9U) << took.count() << " s";
}

TEST_F(FaultsTest, ComesBackWithAnotherAddress) {
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  Options options = far_options(*broker);
  options.timeouts.response = 3s;  // by which the old address is given up
  WatchedDevice device(std::move(options));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  publish_numbers(device, 0, 5);
  ASSERT_TRUE(device.wait_for_deliveries(5));
  link_->change_near_address("10.77.0.99");
  publish_numbers(device, 5, 5);
  expect_all(*subscriber, 10, Twice::never);
  ASSERT_TRUE(device.wait_for_deliveries(10));
  EXPECT_TRUE(broker->wait_log("10.77.0.99", kBound));
}

// The recording from a few seconds before its longest outage on.
link::Drive drive_to_the_longest_outage(const std::filesystem::path& recording) {
  link::Drive drive = link::Drive::read(recording);
  std::size_t longest = 0;
  std::size_t at = 0;
  for (std::size_t i = 0, silent = 0; i < drive.up_bytes.size(); ++i) {
    silent = drive.up_bytes[i] == 0 ? silent + 1 : 0;
    if (silent <= longest) continue;
    longest = silent;
    at = i + 1 - silent;
  }
  constexpr std::size_t kStepsBefore = 30;
  const auto first = static_cast<std::ptrdiff_t>(at > kStepsBefore ? at - kStepsBefore : 0);
  std::rotate(drive.up_bytes.begin(), drive.up_bytes.begin() + first, drive.up_bytes.end());
  std::rotate(drive.down_bytes.begin(), drive.down_bytes.begin() + first, drive.down_bytes.end());
  return drive;
}

TEST_F(FaultsTest, DrivesThroughTheCountry) {
  const std::filesystem::path recording = HOLDFAST_TEST_DATA "/links/verizon-evdo-driving.csv";
  if (!std::filesystem::exists(recording)) GTEST_SKIP() << recording << " is not there";
  const auto broker = make_far_broker();
  const auto subscriber = make_far_subscriber(*broker);
  WatchedDevice device(far_options(*broker));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  const auto began = std::chrono::steady_clock::now();
  link_->follow(drive_to_the_longest_outage(recording), {.delay = 50ms, .loss = 0.01});
  constexpr std::size_t kBatch = 20;
  for (std::size_t batch = 0; batch < 50; ++batch) {
    publish_numbers(device, kBatch * batch, kBatch, 1'000);
    ASSERT_TRUE(device.deliveries().wait_for_count(kBatch * (batch + 1), kLong)) << batch;
  }
  expect_all(*subscriber, 50 * kBatch, Twice::allowed);
  EXPECT_GT(std::chrono::steady_clock::now() - began, 8s) << "the outage was not on the way";
}

}  // namespace
}  // namespace holdfast::test
