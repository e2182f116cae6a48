// Are the manual pages in good form, and do they know every option?

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>

#include "cli/cli_fixture.hpp"

namespace holdfast::test {
namespace {

struct Page {
  const char* name;
  std::vector<Words> commands;  // what the page describes
};

class ManTest : public CliTest, public ::testing::WithParamInterface<Page> {
 protected:
  std::filesystem::path file() const {
    return std::filesystem::path(HOLDFAST_MAN_DIR) / (std::string(GetParam().name) + ".1");
  }
};

INSTANTIATE_TEST_SUITE_P(
    Pages, ManTest,
    ::testing::Values(Page{"holdfast", {{}}}, Page{"holdfast-pin", {{"pin"}}},
                      Page{"holdfast-keygen", {{"keygen"}}},
                      Page{"holdfast-pinset",
                           {{"pinset", "new"},
                            {"pinset", "sign"},
                            {"pinset", "merge"},
                            {"pinset", "verify"},
                            {"pinset", "show"},
                            {"pinset", "check"}}},
                      Page{
                          "holdfast-outbox",
                          {{"outbox"}, {"outbox", "show"}, {"outbox", "dead"}, {"outbox", "drop"}}},
                      Page{"holdfast-config", {{"config", "keys"}, {"config", "check"}}},
                      Page{"holdfast-trace", {{"trace"}}}, Page{"holdfast-call", {{"call"}}},
                      Page{"holdfast-lab", {{"lab"}}}, Page{"holdfast-decode", {{"decode"}}},
                      Page{"holdfast-plan", {{"plan"}}}, Page{"holdfast-fleet", {{"fleet"}}},
                      Page{"holdfast-doctor", {{"doctor"}}}, Page{"holdfast-status", {{"status"}}},
                      Page{"holdfast-pub", {{"pub"}}}, Page{"holdfast-sub", {{"sub"}}}),
    [](const auto& instance) {
      std::string name = instance.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

// All words that a pattern's group finds.
std::set<std::string> found_in(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

TEST_P(ManTest, IsInGoodForm) {
  const auto result = run({"mandoc", "-Tlint", "-Wwarning", file().string()}, kBound);
  EXPECT_EQ(result.status, 0) << result.output;
}

TEST_P(ManTest, KnowsEveryOptionAndNoOther) {
  std::set<std::string> options;
  for (Words words : GetParam().commands) {
    words.emplace_back("--help");
    const auto help = cli(words);
    ASSERT_EQ(help.status, 0) << help.err;
    // "  -o,--out FILE", and "--filter,--topic"; the help's sentences have dashes, too, further on.
    const std::regex line(R"((?:^|\n) +((?:-\w,)?(?:--[a-z-]+,?)+))");
    for (const auto& names : found_in(help.out, line)) {
      options.merge(found_in(names, std::regex("--([a-z-]+)")));
    }
  }
  EXPECT_GE(options.size(), 2u);
  EXPECT_EQ(found_in(read_file(file()), std::regex("Fl -([a-z-]+)")), options);
}

TEST_P(ManTest, IsNamedByThePageOfTheCommand) {
  const auto all = read_file(std::filesystem::path(HOLDFAST_MAN_DIR) / "holdfast.1");
  const std::string name = GetParam().name;
  if (name != "holdfast") {
    EXPECT_NE(all.find(".Xr " + name + " 1"), std::string::npos);
  }
  EXPECT_NE(read_file(file()).find(".Xr holdfast"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::test
