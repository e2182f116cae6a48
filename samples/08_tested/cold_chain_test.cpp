#include "cold_chain.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <holdfast/testing.hpp>

namespace trailer {
namespace {

using namespace std::chrono_literals;
using holdfast::testing::World;

class ColdChainTest : public ::testing::Test {
 protected:
  ColdChainTest() : device_(world_.device(world_.options("trailer-17"))), app_(device_, "t/17") {
    device_.start();
    world_.advance(1s);  // it connects
  }

  std::size_t arrived(std::string_view topic) { return world_.broker().published(topic).size(); }

  World world_;
  holdfast::Device device_;
  ColdChain app_;
};

TEST_F(ColdChainTest, MeasurementsTravelTogetherEveryFiveMinutes) {
  for (int minute = 0; minute < 5; ++minute) {
    app_.measured(-20);
    world_.advance(1min - 1s);
    EXPECT_EQ(arrived("t/17/celsius"), 0u);
    world_.advance(1s);
  }
  world_.advance(1s);
  EXPECT_EQ(arrived("t/17/celsius"), 5u);
}

TEST_F(ColdChainTest, AnAlarmGoesAtOnceAndIsTakenBack) {
  app_.measured(-10);
  world_.advance(1s);
  ASSERT_EQ(arrived("t/17/alarm"), 1u);
  EXPECT_EQ(world_.broker().published("t/17/alarm")[0].text(), "too warm");
  app_.measured(-11);
  app_.measured(-20);
  world_.advance(1s);
  ASSERT_EQ(arrived("t/17/alarm"), 2u);
  EXPECT_EQ(world_.broker().published("t/17/alarm")[1].text(), "over");
}

TEST_F(ColdChainTest, ADayWithoutCoverageCostsMeasurementsAndNoAlarm) {
  world_.link_down();
  app_.measured(-10);
  world_.advance(25h);
  app_.measured(-10);
  world_.link_up();
  world_.advance(10min);
  EXPECT_EQ(arrived("t/17/alarm"), 1u);
  EXPECT_EQ(arrived("t/17/celsius"), 1u);
}

TEST_F(ColdChainTest, TheDepotSetsTheLimit) {
  world_.broker().deliver("t/17/limit", "-25.5", {.retain = holdfast::Retain::yes});
  world_.advance(1s);
  EXPECT_EQ(app_.limit(), -25.5);
  world_.broker().deliver("t/17/limit", "as cold as can be");
  world_.advance(1s);
  EXPECT_EQ(app_.limit(), -25.5);
}

TEST_F(ColdChainTest, ALampTellsOfABrokerThatIsNotOurs) {
  world_.broker().prove_wrong_key();
  world_.broker().end_connection();
  world_.advance(1min);
  EXPECT_TRUE(app_.needs_service());
  world_.broker().prove_right_key();
  world_.advance(2h);
  EXPECT_FALSE(app_.needs_service());
}

}  // namespace
}  // namespace trailer
