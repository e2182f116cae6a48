// The rules that a bent broker breaks, one at a time, and which checks have to say so.

#pragma once

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "selftest/bent_broker.hpp"

namespace holdfast::broker_test {

/// What the suite is given for `--second-broker`.
enum class SecondNode { none, on_its_own, with_another_key };

struct BrokenRule {
  std::string name;
  std::string filter;  ///< the checks that run
  std::set<std::string> fails{};
  std::set<std::string> warns{};
  Bend bend{};
  bool other_key = false;          ///< every fifth connection proves a key that is not pinned
  std::set<std::string> passes{};  ///< have to pass
  std::string max_wait = "3";      ///< seconds for one answer
  test::MosquittoOptions mosquitto{};
  std::vector<std::string> words{};  ///< more of the command line
  SecondNode second_node = SecondNode::none;
  bool long_chain = false;  ///< the key's certificate comes with those of two authorities
  bool no_backup = false;   ///< nor does the suite know a backup key

  friend std::ostream& operator<<(std::ostream& stream, const BrokenRule& rule) {
    return stream << rule.name;
  }
};

/// All of them.
std::vector<BrokenRule> broken_rules();

// A file each.
std::vector<BrokenRule> of_the_line();
std::vector<BrokenRule> of_messages();
std::vector<BrokenRule> of_sessions();
std::vector<BrokenRule> of_safety();
std::vector<BrokenRule> of_wills();
std::vector<BrokenRule> of_nodes();
std::vector<BrokenRule> of_economy();
std::vector<BrokenRule> of_load();

}  // namespace holdfast::broker_test
