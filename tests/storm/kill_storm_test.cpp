// Does a receipt that says "stored" hold, whatever instant the device's process is killed at, while
// its connections are cut and its broker restarts?

#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "integration/device_fixture.hpp"
#include "storm/device_process.hpp"
#include "storm/dice.hpp"
#include "storm/verdict.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

// In it a process starts, reads its file, connects, and begins to send.
constexpr std::chrono::microseconds kYouth = 100ms;
constexpr const char* kEnd = "storm/end";

// Cuts in one life: one less than those after which a message that was under way in all of them is
// taken for their reason, and set aside.
constexpr std::uint64_t kMostCuts = limits::kStrikes - 1;

MosquittoOptions storm_broker(const TempDir& dir) {
  return {.persistence_dir = make_directory_in(dir.path(), "broker"),
          .extra_lines = {"log_type none", "log_type information"}};
}

class KillStormTest : public DeviceTest {
 protected:
  KillStormTest()
      : broker_(make_broker(storm_broker(dir_))),
        proxy_(broker_->tls_port()),
        subscriber_({.port = broker_->plain_port(), .filter = "storm/#"}),
        place_{.port = proxy_.port(),
               .pins = {key_.pin, backup_.pin},
               .state_dir = dir_.path() / "device"} {}

  void storm(std::uint64_t kills, std::size_t least_receipts) {
    for (std::uint64_t life = 1; life <= kills; ++life) {
      SCOPED_TRACE("life " + std::to_string(life));
      live_and_die(life);
      if (HasFatalFailure()) return;
    }
    ASSERT_EQ(drain_storm(place_), "");
    const StormFile file = read_storm_file(place_.state_dir);
    EXPECT_EQ(file.trouble, "");
    EXPECT_EQ(file.rows, 0u);
    EXPECT_EQ(file.dead, 0u);
    judge_all();
    EXPECT_GE(stored_.size(), least_receipts);
  }

 private:
  void live_and_die(std::uint64_t life) {
    const bool dies_young = dice_.chance(10);
    const std::size_t receipts = dies_young ? 0 : dice_.between(400, 1'300);
    const std::size_t arrivals = dies_young || dice_.chance(50) ? 0 : dice_.between(1, 1'500);
    const std::size_t arrived_before = subscriber_.count();
    const std::uint64_t weather = dies_young ? 0 : dice_.between(1, 100);
    DeviceProcess device(place_, life);
    if (weather > 75) {
      cut(dice_.between(1, kMostCuts));
    } else if (weather > 60) {
      take_the_broker_away(device, receipts);
    }
    ASSERT_TRUE(device.wait_for_stored(receipts)) << device.tale();
    ASSERT_TRUE(subscriber_.wait_for_count(arrived_before + arrivals, kStormBound))
        << device.tale();
    const bool broker_goes_too = weather > 50 && weather <= 60;
    if (broker_goes_too) broker_->signal(SIGTERM);
    if (dies_young) Dice::spin(std::chrono::microseconds(dice_.between(0, kYouth.count())));
    dice_.spin();
    const Said said = device.kill();
    if (broker_goes_too) restart_broker();
    EXPECT_EQ(said.troubles, std::vector<std::string>{});
    stored_.insert(said.stored.begin(), said.stored.end());
  }

  void cut(std::uint64_t times) {
    for (; times > 0; --times) {
      const std::size_t more = dice_.between(1, 500);
      ASSERT_TRUE(subscriber_.wait_for_count(subscriber_.count() + more, kStormBound));
      dice_.spin();
      proxy_.cut_all(dice_.chance(50) ? TcpProxy::Cut::kReset : TcpProxy::Cut::kFinish);
    }
  }

  void take_the_broker_away(const DeviceProcess& device, std::size_t receipts) {
    ASSERT_TRUE(device.wait_for_stored(dice_.between(0, receipts)));
    dice_.spin();
    ASSERT_EQ(broker_->stop(), 0);
    // Short, or until most of what waits is on the disk alone.
    const std::size_t meanwhile = dice_.between(0, dice_.chance(25) ? 6'000 : 300);
    ASSERT_TRUE(device.wait_for_stored_or_full(meanwhile)) << device.tale();
    broker_->start();
  }

  void restart_broker() {
    // One that did not save what it has acknowledged would be blamed on the device.
    ASSERT_EQ(broker_->stop(), 0);
    broker_->start();
  }

  void judge_all() {
    Publisher marker({.port = broker_->plain_port()});
    marker.publish(kEnd, "x");
    ASSERT_TRUE(marker.wait_acks(kStormBound));
    ASSERT_TRUE(subscriber_.wait_for(
        [](const std::vector<ReceivedMessage>& messages) {
          return !messages.empty() && messages.back().topic == kEnd;
        },
        kStormBound));
    std::vector<Arrived> arrivals;
    for (const ReceivedMessage& message : subscriber_.messages()) {
      const auto all = arrived(message);
      if (all.empty()) {
        EXPECT_EQ(message.topic, kEnd) << "not a message of the storm";
      }
      arrivals.insert(arrivals.end(), all.begin(), all.end());
    }
    const Verdict verdict = judge(stored_, arrivals);
    EXPECT_EQ(verdict.breaches, std::vector<std::string>{});
    std::cout << "receipts " << stored_.size() << ", arrived " << verdict.first_copies
              << " (without a receipt " << verdict.without_receipt << "), second copies "
              << verdict.second_copies << ", sequence numbers that never came " << verdict.gaps
              << std::endl;
  }

  Dice dice_;
  std::unique_ptr<Mosquitto> broker_;
  TcpProxy proxy_;
  Subscriber subscriber_;
  StormPlace place_;
  std::set<std::uint64_t> stored_;
};

TEST_F(KillStormTest, KeepsWhatItsReceiptsSay) {
  storm(10, 5'000);
}

TEST_F(KillStormTest, KeepsWhatItsReceiptsSayOverTwoHundredKills) {
  storm(200, 100'000);
}

}  // namespace
}  // namespace holdfast::test
