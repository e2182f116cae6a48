// Does a budget slow a device, tell of it, survive a restart, and end the line only if it was asked
// to?

#include <gtest/gtest.h>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

constexpr std::uint64_t kAllowance = limits::kMinBudgetBytes;

class BudgetTest : public DeviceTest {
 protected:
  Options with_budget(std::uint16_t port, UsedUp used_up) {
    Options options = options_for(port);
    options.state_dir = dir_.path() / "state";
    options.budget = Budget{.bytes_per_month = kAllowance, .used_up = used_up};
    return options;
  }

  // Sends until the device says that the allowance is used up.
  static void spend(WatchedDevice& device) {
    const std::string text(3'000, 'x');
    for (std::size_t n = 1; n <= 60; ++n) {
      device.publish("t", text);
      if (!device->status().budget || device->status().budget->used >= kAllowance) break;
      if (!device.wait_for_deliveries(n)) break;
    }
  }

  // Told to the device, so that nothing hangs on this machine's clock.
  static std::chrono::system_clock::time_point date(int month, int day) {
    return std::chrono::sys_days(std::chrono::year(2027) / month / day);
  }
};

TEST_F(BudgetTest, CountsWhatTheLedgerCounts) {
  const auto broker = make_broker();
  WatchedDevice device(with_budget(broker->tls_port(), UsedUp::urgent_only));
  device->start();
  device.publish("t", std::string(10'000, 'x'));
  ASSERT_TRUE(device.wait_for_deliveries(1));
  device->stop();
  const Status status = device->status();
  ASSERT_TRUE(status.budget);
  EXPECT_EQ(status.budget->allowance, kAllowance);
  EXPECT_EQ(status.budget->used, status.ledger.ip_bytes());
  EXPECT_GT(status.budget->used, 10'000U);
}

TEST_F(BudgetTest, WithoutOneNothingIsToldAndNothingKept) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.state_dir = dir_.path() / "state";
  WatchedDevice device(options);
  device->start();
  device.publish("t", std::string(100'000, 'x'));
  ASSERT_TRUE(device.wait_for_deliveries(1));
  device->stop();
  EXPECT_FALSE(device->status().budget);
  EXPECT_TRUE(device.events_of(EventKind::budget_used).empty());
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "state/budget.1.a"));
}

TEST_F(BudgetTest, StretchesDelayBudgetsAndTellsOfIt) {
  const auto broker = make_broker();
  WatchedDevice device(with_budget(broker->tls_port(), UsedUp::urgent_only));
  device->start();
  device->set_time(date(5, 1));  // so much in a month's first minutes
  device.publish("t", std::string(40'000, 'x'));
  ASSERT_TRUE(device.wait_for(EventKind::budget_pace));
  ASSERT_TRUE(device.wait_for(EventKind::budget_used));
  const unsigned factor = device->status().budget->batching_factor;
  EXPECT_EQ(factor, 8U);
  ASSERT_TRUE(device.wait_for_deliveries(1));
  const auto before = std::chrono::steady_clock::now();
  const MessageId id = device.publish("t", "late", {.max_delay = 200ms});
  ASSERT_TRUE(device.wait_for_delivery(id));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 8 * 200ms);
  // A message without a delay budget goes at once, and takes along what waits.
  device.publish("t", "waits", {.max_delay = 1h});
  device.publish("t", "now");
  EXPECT_TRUE(device.wait_for_deliveries(4));
}

TEST_F(BudgetTest, ASpentAllowanceEndsNothingUnlessItWasAskedTo) {
  const auto broker = make_broker();
  WatchedDevice device(with_budget(broker->tls_port(), UsedUp::urgent_only));
  device->start();
  spend(device);
  const MessageId id = device.publish("t", "still");
  ASSERT_TRUE(device.wait_for_delivery(id));
  EXPECT_EQ(device->status().state, State::connected);
  EXPECT_EQ(device->status().ledger.connections, 1U);
}

TEST_F(BudgetTest, AHardStopHoldsOverARestartUntilTheMonthTurns) {
  const auto broker = make_broker();
  Options options = with_budget(broker->tls_port(), UsedUp::stop);
  {
    WatchedDevice device(options);
    device->start();
    device->set_time(date(5, 10));
    spend(device);
    ASSERT_TRUE(device.wait_for(EventKind::disconnected));
    const auto refused = device.wait_for(EventKind::connect_failed);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->error, Errc::budget_used_up);
    EXPECT_FALSE(device.events_of(EventKind::budget_used).empty());
    EXPECT_EQ(device->status().budget->admission, Admission::nothing);
  }
  const std::size_t logins = count_in_log(*broker, "as device");
  EXPECT_EQ(logins, 1U);
  WatchedDevice device(options);
  device->start();
  const MessageId id = device.publish("t", "next month");
  const auto refused = device.wait_for(EventKind::connect_failed, 2);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error, Errc::budget_used_up);
  EXPECT_EQ(count_in_log(*broker, "as device"), logins);
  EXPECT_EQ(device->status().ledger.connections, 0U);
  device->set_time(date(6, 10));
  ASSERT_TRUE(device.wait_for(EventKind::budget_renewed));
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error);
}

}  // namespace
}  // namespace holdfast::test
