// The question these tests answer: does a duration mean what a person thinks it means?

#include "common/duration.hpp"

#include <gtest/gtest.h>

namespace sample {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("1min"), 1min);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("0"), 0ms);
}

TEST(Duration, RefusesWhatCouldMeanSomethingElse) {
  for (const char* text : {"", "5", "5 s", "-1s", "1.5s", "s", "5m", "5sec", "99999h", "1s2ms"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace sample
