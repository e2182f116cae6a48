// The rules that a bent broker breaks, one at a time, and which checks have to say so.

#pragma once

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "selftest/bent_broker.hpp"

namespace holdfast::broker_test {

struct BrokenRule {
  std::string name;
  std::string filter{};  ///< the checks that run; empty: those that are named below
  std::set<std::string> fails{};
  std::set<std::string> warns{};
  Bend bend{};
  bool other_key = false;          ///< every fifth connection proves a key that is not pinned
  std::set<std::string> passes{};  ///< have to pass
  std::string max_wait = "3";      ///< seconds for one answer
  test::MosquittoOptions mosquitto{};

  friend std::ostream& operator<<(std::ostream& stream, const BrokenRule& rule) {
    return stream << rule.name;
  }
};

/// All of them.
std::vector<BrokenRule> broken_rules();

// A file each.
std::vector<BrokenRule> of_the_line();
std::vector<BrokenRule> of_messages();
std::vector<BrokenRule> of_broken_connections();
std::vector<BrokenRule> of_qos2();
std::vector<BrokenRule> of_topics();
std::vector<BrokenRule> of_subscriptions();
std::vector<BrokenRule> of_retained();
std::vector<BrokenRule> of_properties();
std::vector<BrokenRule> of_limits();
std::vector<BrokenRule> of_sessions();
std::vector<BrokenRule> of_safety();

}  // namespace holdfast::broker_test
