// Is there a broker, for each check, that the check complains of? A check that cannot fail tells an
// operator nothing.

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "selftest/bends/rule.hpp"
#include "support/process.hpp"

namespace holdfast::broker_test {
namespace {

using Ids = std::set<std::string>;

// By id, which other test has it complain: of a broker with another configuration, or of one that
// goes and comes back.
const std::map<std::string, std::string> kShownBy{
    {"identity.tls_1_3", "MosquittoSuiteTest.OneWithoutTls13FailsThatCheckAndNoOther"},
    {"resilience.kill_delivery", "RestartSuiteTest.ABrokerThatKeepsItsStatePasses"},
    {"resilience.node_loss", "RestartSuiteTest.ANodeOnItsOwnDoesNotKnowTheSessionOfALostOne"},
    {"resilience.restart_delivery", "RestartSuiteTest.ABrokerWithoutPersistenceFailsWhatNeedsIt"},
    {"resilience.restart_state", "RestartSuiteTest.ABrokerWithoutPersistenceFailsWhatNeedsIt"},
};

// By id, why no broker can be wrong there. None so far: where the standard leaves something open,
// the check still fails for a key that is not pinned, or for a connection that is not served.
const std::map<std::string, std::string> kCannotFail{};

Ids listed() {
  const auto list = test::run({HOLDFAST_BROKER_TEST, "--list"}, std::chrono::seconds(30));
  EXPECT_EQ(list.status, 0) << list.output;
  Ids ids;
  std::istringstream lines(list.output);
  for (std::string line; std::getline(lines, line);) {
    // The last line is their number.
    const std::string word = line.substr(0, line.find(' '));
    if (word.find('.') != std::string::npos) ids.insert(word);
  }
  return ids;
}

Ids named_by_rules() {
  Ids ids;
  for (const BrokenRule& rule : broken_rules()) {
    ids.insert(rule.fails.begin(), rule.fails.end());
    ids.insert(rule.warns.begin(), rule.warns.end());
  }
  return ids;
}

Ids keys_of(const std::map<std::string, std::string>& all) {
  Ids ids;
  for (const auto& [id, text] : all) ids.insert(id);
  return ids;
}

Ids tests_of_this_program() {
  Ids names;
  const auto& program = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < program.total_test_suite_count(); ++i) {
    const auto& suite = *program.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      names.insert(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
    }
  }
  return names;
}

// Of `some`, those that `all` has, or has not.
std::string those(const Ids& some, const Ids& all, bool are_in) {
  std::string text;
  for (const std::string& id : some) {
    if (all.contains(id) == are_in) text += "\n  " + id;
  }
  return text;
}

TEST(BrokerSuiteTest, EveryCheckCanFail) {
  const Ids checks = listed();
  const Ids rules = named_by_rules();
  const Ids elsewhere = keys_of(kShownBy);
  const Ids never = keys_of(kCannotFail);
  ASSERT_GE(checks.size(), 180U);

  Ids known = rules;
  known.insert(elsewhere.begin(), elsewhere.end());
  known.insert(never.begin(), never.end());
  EXPECT_EQ(those(checks, known, false), "") << "these complain of no broker that a test has";
  EXPECT_EQ(those(known, checks, false), "") << "these are no checks";
  EXPECT_EQ(those(elsewhere, rules, true), "") << "these are rules' as well: a list names them too";
  EXPECT_EQ(those(never, rules, true) + those(never, elsewhere, true), "") << "these do complain";

  const Ids tests = tests_of_this_program();
  Ids shown;
  for (const auto& [id, name] : kShownBy) shown.insert(name);
  EXPECT_EQ(those(shown, tests, false), "") << "there are no such tests";
}

}  // namespace
}  // namespace holdfast::broker_test
