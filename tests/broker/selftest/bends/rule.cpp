#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {

std::vector<BrokenRule> broken_rules() {
  std::vector<BrokenRule> rules;
  for (const auto& group : {of_the_line, of_messages, of_sessions, of_safety, of_wills, of_nodes,
                            of_economy, of_load}) {
    const auto some = group();
    rules.insert(rules.end(), some.begin(), some.end());
  }
  return rules;
}

}  // namespace holdfast::broker_test
