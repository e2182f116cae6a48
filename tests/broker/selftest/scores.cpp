#include "selftest/scores.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

namespace holdfast::broker_test {
namespace {

namespace fs = std::filesystem;

struct Score {
  std::string group;
  unsigned passed = 0;
  unsigned measured = 0;
  unsigned not_applicable = 0;
  std::vector<std::string> warned;
  std::vector<std::string> failed;
};

void count(Score& score, const Json& check) {
  const auto verdict = check.at("verdict").get<std::string>();
  const auto id = check.at("id").get<std::string>();
  if (verdict == "pass") ++score.passed;
  if (verdict == "figure") ++score.measured;
  if (verdict == "not_applicable") ++score.not_applicable;
  if (verdict == "warning") score.warned.push_back(id);
  if (verdict == "fail") score.failed.push_back(id);
}

std::string group_of(const std::string& id) {
  return id.substr(0, id.find('.'));
}

// "2: `take_over_reason`, `keep_alive`"; the group's name stands in the first column.
std::string names(const std::vector<std::string>& ids) {
  std::string text = std::to_string(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    text += (i == 0 ? ": `" : ", `") + ids[i].substr(ids[i].find('.') + 1) + "`";
  }
  return text;
}

}  // namespace

std::string score_table(const std::string& broker, const SuiteRun& run) {
  std::vector<Score> scores;
  for (const Json& check : run.json.at("checks")) {
    const std::string group = group_of(check.at("id"));
    if (scores.empty() || scores.back().group != group) scores.push_back({.group = group});
    count(scores.back(), check);
  }
  std::string text = "\n### " + broker + ", MQTT " + run.json.at("mqtt").get<std::string>() + ", " +
                     std::to_string(static_cast<int>(run.json.at("seconds"))) +
                     " s\n\n| group | passed | measured | not applicable | warned | failed |\n"
                     "| --- | --- | --- | --- | --- | --- |\n";
  for (const Score& score : scores) {
    text += "| " + score.group + " | " + std::to_string(score.passed) + " | " +
            std::to_string(score.measured) + " | " + std::to_string(score.not_applicable) + " | " +
            names(score.warned) + " | " + names(score.failed) + " |\n";
  }
  return text;
}

void expect_all_carried_out(const SuiteRun& run) {
  // The longest bound of a check that needs neither a restart nor load.
  constexpr int kLongest = 70'000;
  ASSERT_FALSE(run.json.is_null()) << run.output;
  EXPECT_FALSE(run.json.at("checks").empty());
  for (const Json& check : run.json.at("checks")) {
    EXPECT_LT(check.at("milliseconds").get<int>(), kLongest) << check.dump(1);
    for (const Json& line : check.at("evidence")) {
      EXPECT_EQ(line.get<std::string>().find("the check could not go on"), std::string::npos)
          << check.dump(1);
    }
  }
}

std::set<std::string> of_groups(const std::set<std::string>& ids,
                                const std::set<std::string>& groups) {
  std::set<std::string> some;
  std::copy_if(ids.begin(), ids.end(), std::inserter(some, some.end()),
               [&](const std::string& id) { return groups.contains(group_of(id)); });
  return some;
}

std::size_t processes_of(const fs::path& dir) {
  std::size_t found = 0;
  std::error_code error;
  for (const auto& process : fs::directory_iterator("/proc", error)) {
    std::ifstream file(process.path() / "environ", std::ios::binary);
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    if (environment.find(dir.string()) != std::string::npos) ++found;
  }
  return found;
}

}  // namespace holdfast::broker_test
