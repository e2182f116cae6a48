#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {

std::vector<BrokenRule> broken_rules() {
  std::vector<BrokenRule> rules;
  for (const auto& group : {of_the_line, of_messages, of_sessions, of_safety_framing,
                            of_safety_connect, of_safety_publish, of_safety_peers}) {
    const auto some = group();
    rules.insert(rules.end(), some.begin(), some.end());
  }
  return rules;
}

}  // namespace holdfast::broker_test
