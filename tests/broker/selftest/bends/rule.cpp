#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

// Those that the rule names.
std::string filter_of(const BrokenRule& rule) {
  std::string filter;
  for (const auto& ids : {rule.fails, rule.warns, rule.passes}) {
    for (const std::string& id : ids) filter += (filter.empty() ? "" : ":") + id;
  }
  return filter;
}

}  // namespace

std::vector<BrokenRule> broken_rules() {
  std::vector<BrokenRule> rules;
  for (const auto& group :
       {of_the_line, of_nodes, of_economy, of_messages, of_broken_connections, of_qos2, of_topics,
        of_subscriptions, of_retained, of_properties, of_limits, of_sessions, of_wills,
        of_safety_framing, of_safety_connect, of_safety_publish, of_safety_peers, of_load}) {
    const auto some = group();
    rules.insert(rules.end(), some.begin(), some.end());
  }
  for (BrokenRule& rule : rules) {
    if (rule.filter.empty()) rule.filter = filter_of(rule);
  }
  return rules;
}

}  // namespace holdfast::broker_test
