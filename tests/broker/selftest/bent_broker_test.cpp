// Can each check fail? A broker that breaks one rule makes the checks of that rule complain, and no
// other one.

#include "selftest/bent_broker.hpp"
#include "selftest/bends/rule.hpp"
#include "selftest/suite_fixture.hpp"

namespace holdfast::broker_test {
namespace {

class BentBrokerTest : public SuiteTest, public ::testing::WithParamInterface<BrokenRule> {};

INSTANTIATE_TEST_SUITE_P(Rules, BentBrokerTest, ::testing::ValuesIn(broken_rules()),
                         [](const auto& instance) { return instance.param.name; });

// Only the groups that could notice it run: a rule of the wire cannot be broken for TLS alone.
TEST_P(BentBrokerTest, IsNoticedByTheChecksOfItsRule) {
  const BrokenRule& rule = GetParam();
  Bend bend = rule.bend;
  if (rule.other_key)
    bend.other_identity = test::self_signed(dir_, test::KeyType::p256, "localhost");
  const BentBroker broker(key_, bend, rule.mosquitto);
  const SuiteRun run =
      this->run(broker.port(), {"--gtest_filter", rule.filter, "--max-wait", rule.max_wait});
  EXPECT_EQ(run.with("fail"), rule.fails) << run.output;
  EXPECT_EQ(run.with("warning"), rule.warns) << run.output;
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
