// Does a world move time as it says, and nothing without it?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "unit/testing/witness.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(WorldTime, StandsStillUntilItIsMoved) {
  testing::World world;
  auto device = world.device(world.options());
  Witness witness(device);
  const auto begun = world.now();
  device.start();
  EXPECT_THAT(witness.events(), IsEmpty());
  EXPECT_EQ(device.status().state, State::idle);
  EXPECT_EQ(world.now(), begun);
}

// TCP, TLS and the login: a round trip each.
TEST(WorldTime, ADeviceIsConnectedAfterThreeRoundTrips) {
  testing::World world({.round_trip = 200ms});
  auto device = world.device(world.options());
  device.start();
  world.advance(599ms);
  EXPECT_EQ(device.status().state, State::connecting);
  world.advance(1ms);
  EXPECT_EQ(device.status().state, State::connected);
}

TEST(WorldTime, ClockAndDateGoTogether) {
  const auto date = std::chrono::sys_days(std::chrono::year(2031) / 3 / 31);
  testing::World world({.date = date});
  const auto begun = world.now();
  world.advance(36h);
  EXPECT_EQ(world.now() - begun, 36h);
  EXPECT_EQ(world.date(), date + 36h);
}

TEST(WorldTime, AMessageWaitsForItsDelayAndNoLonger) {
  testing::World world;
  auto device = world.device(world.options());
  device.start();
  world.advance(1s);
  device.publish("t", as_payload("later"), {.max_delay = 5min});
  world.advance(5min - 1ms);
  EXPECT_THAT(world.broker().published("t"), IsEmpty());
  world.advance(1ms + 50ms);  // half a round trip
  ASSERT_EQ(world.broker().published("t").size(), 1u);
}

TEST(WorldTime, TheSameSeedGivesTheSameDay) {
  const auto day = [](std::uint64_t seed) {
    testing::World world({.seed = seed});
    auto device = world.device(world.options());
    Witness witness(device);
    device.start();
    world.advance(1h);
    world.link_down();
    witness.publish("t", "x");
    world.advance(1h);
    world.link_up();
    world.advance(1h);
    return witness.text();
  };
  const std::string first = day(7);
  EXPECT_THAT(first, HasSubstr("waiting"));
  EXPECT_EQ(first, day(7));
  EXPECT_NE(first, day(8));  // the waits are drawn
}

TEST(WorldTime, AdvanceUntilStopsWhereItIsTold) {
  testing::World world;
  auto device = world.device(world.options());
  device.start();
  const auto begun = world.now();
  const auto is_up = [&] { return device.status().state == State::connected; };
  EXPECT_TRUE(world.advance_until(is_up, 1h));
  EXPECT_EQ(world.now() - begun, 300ms);
  EXPECT_FALSE(world.advance_until([] { return false; }, 1min));
  EXPECT_EQ(world.now() - begun, 300ms + 1min);
}

TEST(WorldTime, HandlersRunWithinAdvanceOnItsThread) {
  testing::World world;
  auto device = world.device(world.options());
  const auto here = std::this_thread::get_id();
  std::vector<std::thread::id> threads;
  device.subscribe("t", [&](const Message&) { threads.push_back(std::this_thread::get_id()); });
  device.start();
  world.advance(1s);
  EXPECT_EQ(world.broker().deliver("t", "x"), 1u);
  EXPECT_THAT(threads, IsEmpty());
  world.advance(1s);
  EXPECT_THAT(threads, ElementsAre(here));
}

TEST(WorldTime, AHandlerMayNotMoveTime) {
  testing::World world;
  auto device = world.device(world.options());
  Witness witness(device);
  device.subscribe("t", [&](const Message&) { world.advance(1s); });
  device.start();
  world.advance(1s);
  world.broker().deliver("t", "x");
  world.advance(1s);
  const auto failed = witness.events(EventKind::handler_failed);
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_THAT(failed[0].detail, HasSubstr("World::advance from within a handler"));
}

// As in an app: it waits, the other handlers wait for it, and the connection goes on.
TEST(WorldTime, AHandlerMayDrain) {
  testing::World world;
  auto device = world.device(world.options());
  std::vector<std::string> log;
  device.subscribe("t", [&](const Message& message) {
    const std::string what(as_text(message.payload));
    log.push_back(what + " begins");
    device.publish("answer", message.payload, {.max_delay = 1h});
    const Remaining left = device.drain(10s);
    log.push_back(what + " ends with " + std::to_string(left.undelivered));
  });
  device.start();
  world.advance(1s);
  world.broker().deliver("t", "one");
  world.broker().deliver("t", "two");
  world.advance(1s);
  EXPECT_THAT(log, ElementsAre("one begins", "one ends with 0", "two begins", "two ends with 0"));
  EXPECT_EQ(world.broker().published("answer").size(), 2u);
}

TEST(WorldTime, WorkWithoutAnEndIsToldWithWhoDoesIt) {
  testing::World world({.most_steps = 10'000});
  auto device = world.device(world.options("truck-17"));
  std::function<void(const Delivery&)> again = [&](const Delivery&) {
    device.publish("t", as_payload("x"), {.qos = Qos::at_most_once, .on_done = again});
  };
  device.start();
  world.advance(1s);
  again({});
  try {
    world.advance(1h);
    FAIL() << "it came to an end";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("10000 pieces of work"));
    EXPECT_THAT(error.what(), HasSubstr("handlers of \"truck-17\" ("));
  }
}

// A wait of the device's own ends as if its time was over, and the next `advance` tells.
TEST(WorldTime, WorkWithoutAnEndEndsADrainAsWell) {
  testing::World world({.most_steps = 10'000});
  auto device = world.device(world.options());
  world.link_down();
  bool goes_on = true;
  // Each takes the place of the one before, which is told.
  std::function<void(const Delivery&)> again = [&](const Delivery&) {
    if (goes_on) device.publish("t", as_payload("x"), {.key = "k", .on_done = again});
  };
  device.start();
  again({});
  again({});
  const auto begun = world.now();
  EXPECT_EQ(device.drain(1h).undelivered, 1u);
  EXPECT_LT(world.now() - begun, 1h);
  goes_on = false;
  EXPECT_THROW(world.advance(1s), std::runtime_error);
  EXPECT_NO_THROW(world.advance(1s));
}

TEST(WorldTime, RefusesDatesThatNoDeviceBelieves) {
  EXPECT_THROW(testing::World({.date = std::chrono::sys_days(std::chrono::year(1999) / 1 / 1)}),
               ConfigError);
  EXPECT_THROW(testing::World({.round_trip = -1ms}), ConfigError);
  EXPECT_THROW(testing::World({.round_trip = 61s}), ConfigError);
}

TEST(WorldTime, TwoDevicesShareAWorldAndItsBroker) {
  testing::World world;
  auto near = world.device(world.options("near"));
  auto far = world.device(world.options("far"));
  std::vector<std::string> heard;
  far.subscribe("news",
                [&](const Message& message) { heard.emplace_back(as_text(message.payload)); });
  near.start();
  far.start();
  world.advance(1s);
  near.publish("news", as_payload("hello"));
  world.advance(1s);
  EXPECT_THAT(heard, ElementsAre("hello"));
}

TEST(WorldTime, ADeviceChecksItsOptionsAsEver) {
  testing::World world;
  Options options = world.options();
  options.pins.pop_back();
  EXPECT_THROW(world.device(options), ConfigError);
}

}  // namespace
}  // namespace holdfast::test
