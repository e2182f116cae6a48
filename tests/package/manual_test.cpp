// Does the manual of holdfast-broker-test know its options? (That of holdfast: tests/cli.)

#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <set>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {
namespace {

constexpr auto kBound = std::chrono::minutes(1);

std::set<std::string> options_in(const std::string& text, const char* pattern) {
  const std::regex option(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), option), end; at != end; ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

TEST(ManualTest, OfTheBrokerTestIsInGoodForm) {
  const RunResult lint = run({"mandoc", "-Tlint", "-Wwarning", HOLDFAST_MANUAL}, kBound);
  EXPECT_EQ(lint.status, 0) << lint.output;
}

TEST(ManualTest, OfTheBrokerTestKnowsEveryOptionAndNoOther) {
  const RunResult help = run({HOLDFAST_BROKER_TEST, "--help"}, kBound);
  ASSERT_EQ(help.status, 0) << help.output;
  const auto told = options_in(help.output, "\n +(?:-h,)?--([a-z_-]+)");
  EXPECT_GT(told.size(), 20U);
  EXPECT_EQ(options_in(read_file(HOLDFAST_MANUAL), "\n\\.It Fl -([a-z_-]+)"), told);
}

}  // namespace
}  // namespace holdfast::test
