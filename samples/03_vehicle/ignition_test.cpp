// The question these tests answer: what does a file have to say so that the drive is over?

#include "ignition.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_dir.hpp"

namespace vehicle {
namespace {

TEST(Ignition, OffIsAZeroAndNothingElse) {
  for (const char* text : {"0", "0\n", " 0 \r\n"}) EXPECT_TRUE(says_off(text)) << text;
  for (const char* text : {"", "1", "1\n", "00", "0x", "off", "\n"}) {
    EXPECT_FALSE(says_off(text)) << text;
  }
}

TEST(Ignition, AFileIsLookedAtAgainAndAMissingOneSaysNothing) {
  const holdfast::test::TempDir dir;
  Ignition ignition(dir.path() / "ignition");
  sample::wait_readable({ignition.timer()});
  EXPECT_FALSE(ignition.is_off());
  dir.write("ignition", "1\n");
  sample::wait_readable({ignition.timer()});
  EXPECT_FALSE(ignition.is_off());
  dir.write("ignition", "0\n");
  sample::wait_readable({ignition.timer()});
  EXPECT_TRUE(ignition.is_off());
}

TEST(Ignition, WithoutAFileItIsOn) {
  Ignition ignition{std::filesystem::path()};
  EXPECT_FALSE(ignition.is_off());
}

}  // namespace
}  // namespace vehicle
