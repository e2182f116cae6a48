// Brokers of several nodes, and brokers that come back.

#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

// The suite's preflight opens two connections, and the check another one before the restart.
Proof another_key_after_the_restart(const Hello& hello) {
  constexpr unsigned kBefore = 3;
  return hello.connection < kBefore ? Proof::own_key : Proof::other_key;
}

}  // namespace

std::vector<BrokenRule> of_nodes() {
  return {
      {.name = "ComesBackWithAnotherKey",
       .filter = "resilience.restart_identity",
       .fails = {"resilience.restart_identity"},
       .bend = {.tls = {.proof = another_key_after_the_restart}},
       .other_key = true,
       .words = {"--restart-command", "true"}},
      {.name = "TheSecondNodeHasAnotherKey",
       .filter = "identity.second_broker",
       .fails = {"identity.second_broker"},
       .second_node = SecondNode::with_another_key},
      {.name = "TheSecondNodeIsOnItsOwn",
       .filter = "*.second_broker*",
       .fails = {"resilience.second_broker_delivery"},
       .warns = {"economy.second_broker", "resilience.second_broker_session"},
       .passes = {"identity.second_broker"},
       .max_wait = "1",
       .second_node = SecondNode::on_its_own},
  };
}

}  // namespace holdfast::broker_test
