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
  std::string filter{};  ///< the checks that run; empty: those that are named below
  std::set<std::string> fails{};
  std::set<std::string> warns{};
  Bend bend{};
  bool other_key = false;          ///< every fifth connection proves a key that is not pinned
  std::set<std::string> passes{};  ///< have to pass, where mosquitto itself is warned
  std::string max_wait = "3";      ///< seconds for one answer
  test::MosquittoOptions mosquitto{};
  bool with_login = false;           ///< only "truck" with "secret" gets in, and the suite is that
  bool with_certificate = false;     ///< the suite has one, and nobody asks for it
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
std::vector<BrokenRule> of_broken_connections();
std::vector<BrokenRule> of_qos2();
std::vector<BrokenRule> of_topics();
std::vector<BrokenRule> of_subscriptions();
std::vector<BrokenRule> of_retained();
std::vector<BrokenRule> of_properties();
std::vector<BrokenRule> of_limits();
std::vector<BrokenRule> of_sessions();
std::vector<BrokenRule> of_wills();
std::vector<BrokenRule> of_nodes();
std::vector<BrokenRule> of_economy();
std::vector<BrokenRule> of_load();
std::vector<BrokenRule> of_safety_framing();
std::vector<BrokenRule> of_safety_connect();
std::vector<BrokenRule> of_safety_publish();
std::vector<BrokenRule> of_safety_peers();

}  // namespace holdfast::broker_test
