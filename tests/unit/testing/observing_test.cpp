// Do the events of a device outlive it, by the world's clock and without a thread?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "observe/event_file.hpp"
#include "unit/testing/witness.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class WorldObserving : public ::testing::Test {
 protected:
  Options options() {
    Options options = world_.options("truck");
    options.state_dir = world_.state_dir("truck");
    return options;
  }
  fs::path ring() { return world_.state_dir("truck") / "events.1.ring"; }

  std::vector<observe::EventRecord> kept() {
    std::string remark;
    auto kept = observe::EventFile::peek(world_.state_dir("truck"), remark);
    EXPECT_THAT(remark, IsEmpty());
    return kept.records;
  }
  std::vector<std::string> kept_kinds() {
    std::vector<std::string> kinds;
    for (const auto& record : kept()) kinds.push_back(record.kind);
    return kinds;
  }

  testing::World world_;
};

TEST_F(WorldObserving, EventsOutliveTheDevice) {
  {
    auto device = world_.device(options());
    device.start();
    world_.advance(1s);
    EXPECT_THAT(kept_kinds(), AllOf(Contains("connected"), Not(Contains("stopped"))));
  }
  EXPECT_EQ(kept_kinds().back(), "stopped");
}

TEST_F(WorldObserving, NobodyHasToListen) {
  auto device = world_.device(options());
  device.start();
  world_.advance(1s);
  EXPECT_EQ(device.status().counters.events_dropped, 0U);
  EXPECT_THAT(kept_kinds(), Contains("connected"));
}

TEST_F(WorldObserving, TheyHaveTheWorldsDate) {
  auto device = world_.device(options());
  world_.advance(1h);
  device.start();
  world_.advance(1s);
  const auto records = kept();
  const auto connected = std::find_if(records.begin(), records.end(), [](const auto& record) {
    return record.kind == "connected";
  });
  ASSERT_NE(connected, records.end());
  const auto now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(world_.date().time_since_epoch())
          .count();
  ASSERT_TRUE(connected->last.wall_ms());
  EXPECT_LE(*connected->last.wall_ms(), now_ms);
  EXPECT_GT(*connected->last.wall_ms(), now_ms - 1'100);
}

TEST_F(WorldObserving, ADeviceThatWasKilledHasWhatCameBefore) {
  {
    auto device = world_.device(options());
    device.start();
    world_.advance(1s);
    world_.link_down();
    world_.advance(10min);
    world_.crash(device);
  }
  EXPECT_THAT(kept_kinds(), AllOf(Contains("connected"), Not(Contains("stopped"))));
  world_.link_up();
  auto device = world_.device(options());
  device.start();
  world_.advance(1h);
  const auto kinds = kept_kinds();
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "connected"), 2) << "of both lives";
}

// Weeks without a broker say the same over and over.
TEST_F(WorldObserving, AWeekWithoutABrokerLeavesTheDayBefore) {
  auto device = world_.device(options());
  device.start();
  world_.advance(1s);
  world_.broker().go_down();
  world_.advance(7 * 24h);
  EXPECT_THAT(kept_kinds(), AllOf(Contains("connected"), Contains("connect_failed")));
  EXPECT_LT(kept().size(), 30U);
}

TEST_F(WorldObserving, AWorldHasNoSocket) {
  auto device = world_.device(options());
  device.start();
  world_.advance(1s);
  EXPECT_FALSE(fs::exists(world_.state_dir("truck") / "status.sock"));
}

TEST_F(WorldObserving, WithoutAStateDirNothingIsKept) {
  auto device = world_.device(world_.options("truck"));
  device.start();
  world_.advance(1s);
  EXPECT_FALSE(fs::exists(ring()));
}

TEST_F(WorldObserving, ADiskThatRefusesIsToldOnceAndTriedAgain) {
  fs::create_directories(ring());  // a directory in its place cannot be written
  auto device = world_.device(options());
  Witness witness(device);
  device.start();
  world_.advance(1h);
  EXPECT_EQ(device.status().state, State::connected);
  const auto warnings = witness.events(EventKind::warning);
  EXPECT_EQ(warnings.size(), 1U) << witness.text();
  EXPECT_THAT(witness.text(), HasSubstr("events.1.ring"));
  fs::remove(ring());
  world_.advance(2min);
  EXPECT_THAT(kept_kinds(), AllOf(Contains("connected"), Contains("warning")));
}

}  // namespace
}  // namespace holdfast::test
