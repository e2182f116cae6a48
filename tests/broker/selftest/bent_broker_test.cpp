// Can each check fail? A broker that breaks one rule makes the checks of that rule complain, and no
// other one.

#include "selftest/bent_broker.hpp"
#include "selftest/bends/rule.hpp"
#include "selftest/suite_fixture.hpp"

namespace holdfast::broker_test {
namespace {

class BentBrokerTest : public SuiteTest, public ::testing::WithParamInterface<BrokenRule> {
 protected:
  Words words_of(const BrokenRule& rule) {
    Words words{"--gtest_filter", rule.filter, "--max-wait", rule.max_wait};
    words.insert(words.end(), rule.words.begin(), rule.words.end());
    if (rule.with_login) {
      const std::string file = dir_.write("password", "secret\n").string();
      words.insert(words.end(), {"--username", "truck", "--password-file", file});
    }
    if (rule.with_certificate) {
      const auto own = test::self_signed(dir_, test::KeyType::p256, "truck");
      words.insert(words.end(), {"--cert", own.cert_file.string(), "--key", own.key_file.string()});
    }
    return words;
  }
  static test::MosquittoOptions broker_of(const BrokenRule& rule) {
    test::MosquittoOptions options = rule.mosquitto;
    if (rule.with_login) {
      options.allow_anonymous = false;
      options.users = {{"truck", "secret"}};
    }
    return options;
  }
  // The same key, certified by an authority of an authority, each with an RSA key.
  test::Identity with_long_chain() {
    const auto root = test::make_authority(dir_, test::KeyType::rsa2048, "root");
    const auto one = test::make_intermediate(dir_, root, test::KeyType::rsa2048, "one");
    const auto two = test::make_intermediate(dir_, one, test::KeyType::rsa2048, "two");
    return test::issue(dir_, two, test::KeyType::p256, "localhost",
                       {.existing_key = key_.key_file});
  }
};

// What mosquitto itself is warned of is a rule's matter only where the rule names it.
std::set<std::string> warnings_of(const SuiteRun& run, const BrokenRule& rule) {
  std::set<std::string> ids = run.with("warning");
  for (const std::string& id : kMosquittoWarnings) {
    if (!rule.warns.contains(id)) ids.erase(id);
  }
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Rules, BentBrokerTest, ::testing::ValuesIn(broken_rules()),
                         [](const auto& instance) { return instance.param.name; });

// Only the groups that could notice it run: a rule of the wire cannot be broken for TLS alone.
TEST_P(BentBrokerTest, IsNoticedByTheChecksOfItsRule) {
  const BrokenRule& rule = GetParam();
  Bend bend = rule.bend;
  const auto other = test::self_signed(dir_, test::KeyType::p256, "localhost");
  if (rule.other_key) bend.other_identity = other;
  const BentBroker broker(rule.long_chain ? with_long_chain() : key_, bend, broker_of(rule));
  Words words = words_of(rule);
  std::optional<BentBroker> second;
  if (rule.second_node != SecondNode::none) {
    second.emplace(rule.second_node == SecondNode::with_another_key ? other : key_, Bend{});
    words.insert(words.end(),
                 {"--second-broker", "mqtts://localhost:" + std::to_string(second->port())});
  }
  knows_backup_ = !rule.no_backup;
  const SuiteRun run = this->run(broker.port(), words);
  EXPECT_EQ(run.with("fail"), rule.fails) << run.output;
  EXPECT_EQ(warnings_of(run, rule), rule.warns) << run.output;
  for (const std::string& id : rule.passes) EXPECT_EQ(run.verdict(id), "pass") << run.output;
  EXPECT_EQ(run.status, rule.fails.empty() ? 0 : 1) << run.output;
}

TEST_F(SuiteTest, AnUnbentRelayPasses) {
  const BentBroker broker(key_, {});
  const SuiteRun run = this->run(broker.port(), accepting(kMosquittoFaults));
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.failed(), std::set<std::string>()) << run.output;
}

}  // namespace
}  // namespace holdfast::broker_test
