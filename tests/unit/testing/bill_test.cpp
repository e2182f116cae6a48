// Do the bytes of a world add up as docs/guides/testing.md says, and does the budget act on them?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "economics/wire_cost.hpp"
#include "unit/testing/witness.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::uint64_t ip_bytes(const Device& device) {
  return device.ledger().ip_bytes();
}

// docs/BENCHMARKS.md has 2,113 measured, tickets included.
TEST(WorldBill, ASetUpTakesWhatARealOneTakes) {
  testing::World world;
  auto device = world.device(world.options());
  device.start();
  world.advance(1s);
  const Ledger ledger = device.ledger();
  EXPECT_NEAR(static_cast<double>(ledger.ip_bytes()), 2'113, 50);
  EXPECT_EQ(ledger.connections, 1u);
  EXPECT_EQ(ledger.full_handshakes, 1u);
  EXPECT_EQ(ledger.made[Cause::handshake].sum(), 936u);
}

// The table of docs/guides/connectivity.md and of `holdfast plan`.
TEST(WorldBill, AMessageTakesWhatThePlanReckons) {
  testing::World world;
  auto device = world.device(world.options());
  device.start();
  world.advance(1s);
  const auto before = ip_bytes(device);
  device.publish("t", as_payload(std::string(100, 'x')));
  world.advance(1s);
  const auto cost = economics::least_message({}, 1, 100, true);
  // MQTT 5 has a byte more, for the properties that are not there.
  EXPECT_EQ(ip_bytes(device) - before, static_cast<std::uint64_t>(cost.bytes()) + 1);
}

TEST(WorldBill, APingTakesWhatThePlanReckons) {
  testing::World world;
  Options options = world.options();
  options.reachable_within = 10min;
  auto device = world.device(options);
  device.subscribe("cmd", [](const Message&) {});
  device.start();
  world.advance(1min);
  const Account before = device.ledger().made;
  world.advance(1h);
  const Account after = device.ledger().made;
  const auto pings = after[Cause::keep_alive].sum() - before[Cause::keep_alive].sum();
  EXPECT_GT(pings, 0u);
  EXPECT_EQ(after[Cause::payload].sum(), before[Cause::payload].sum());
}

TEST(WorldBill, TheCausesAddUp) {
  testing::World world;
  auto device = world.device(world.options());
  device.subscribe("cmd", [](const Message&) {});
  device.start();
  for (int n = 0; n < 20; ++n) {
    device.publish("t", as_payload("some payload"), {.ttl = 1h});
    world.broker().deliver("cmd", "do it");
    world.advance(1min);
    if (n % 5 != 0) continue;
    world.broker().end_connection();
    world.advance(1min);  // or the next message would be sent to an end that is closed
  }
  const Ledger ledger = device.ledger();
  EXPECT_EQ(ledger.made.ip_bytes().sum(), ledger.ip_bytes());
  EXPECT_EQ(ledger.made[Cause::payload].up, 20 * 12u);
  EXPECT_GT(ledger.made[Cause::payload].down, 0u);
  EXPECT_GE(ledger.connections, 4u);
  ASSERT_EQ(ledger.days.size(), 1u);  // the date is known
}

TEST(WorldBill, AnUnknownDateHasNoDays) {
  testing::World world({.clock = testing::SystemClock::unknown});
  auto device = world.device(world.options());
  device.start();
  world.advance(1h);
  EXPECT_THAT(device.ledger().days, IsEmpty());
  device.set_time(world.date());
  world.advance(1s);
  EXPECT_EQ(device.ledger().days.size(), 1u);
}

class WorldBudget : public ::testing::Test {
 protected:
  Options budgeted(UsedUp used_up = UsedUp::urgent_only) {
    Options options = world_.options();
    options.budget = Budget{.bytes_per_month = 1'000'000, .used_up = used_up};
    return options;
  }

  testing::World world_;
};

TEST_F(WorldBudget, AtFourFifthsTheDeviceIsToldAndSlowsWhatCanWait) {
  auto device = world_.device(budgeted());
  Witness witness(device);
  device.start();
  world_.advance(1min);
  EXPECT_EQ(device.status().budget->batching_factor, 1u);
  world_.use_budget_up_to(0.80);
  world_.advance(2s);
  const auto status = device.status().budget;
  ASSERT_TRUE(status);
  EXPECT_GE(status->used, 800'000u);
  EXPECT_LT(status->used, 810'000u);
  const auto told = witness.events(EventKind::budget_used);
  ASSERT_FALSE(told.empty());
  EXPECT_THAT(told.back().detail, HasSubstr("80"));
  EXPECT_GT(status->batching_factor, 1u);
}

TEST_F(WorldBudget, UsedUpOnlyUrgentMessagesGo) {
  auto device = world_.device(budgeted());
  Witness witness(device);
  device.start();
  world_.advance(1min);
  world_.use_budget_up_to(1.0);
  world_.advance(2s);
  EXPECT_EQ(device.status().budget->admission, Admission::urgent_only);
  witness.publish("t", "can wait");
  witness.publish("t", "alarm", {.priority = Priority::urgent});
  world_.advance(1h);
  EXPECT_EQ(texts(world_.broker().published("t")), std::vector<std::string>{"alarm"});
  world_.advance(24h * 20);  // the month turns
  EXPECT_EQ(witness.count(EventKind::budget_renewed), 1u);
  EXPECT_EQ(world_.broker().published("t").size(), 2u);
}

TEST_F(WorldBudget, AHardStopEndsTheConnectionUntilTheMonthTurns) {
  auto device = world_.device(budgeted(UsedUp::stop));
  Witness witness(device);
  device.start();
  world_.advance(1min);
  world_.use_budget_up_to(1.0);
  world_.advance(1min);
  EXPECT_NE(device.status().state, State::connected);
  const auto spent = device.ledger().ip_bytes();
  world_.advance(24h);
  EXPECT_EQ(device.ledger().ip_bytes(), spent);
  world_.advance(24h * 20);
  EXPECT_EQ(device.status().state, State::connected);
}

TEST_F(WorldBudget, IsOnlyOfDevicesThatHaveOne) {
  auto device = world_.device(world_.options());
  device.start();
  world_.advance(1min);
  const auto before = device.ledger().ip_bytes();
  world_.use_budget_up_to(0.5);
  world_.advance(1min);
  EXPECT_EQ(device.ledger().ip_bytes(), before);
  EXPECT_THROW(world_.use_budget_up_to(-0.1), ConfigError);
}

}  // namespace
}  // namespace holdfast::test
