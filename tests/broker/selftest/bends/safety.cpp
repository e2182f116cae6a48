// What a broker should not put up with.

#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
std::vector<BrokenRule> of_safety() {
  return {
      {.name = "NeverCloses",
       .filter = "safety.reserved_type:safety.second_connect:safety.qos_3:safety.wildcard_topic",
       .fails = {"safety.qos_3", "safety.reserved_type", "safety.second_connect",
                 "safety.wildcard_topic"},
       .bend = {.to_client = without(Type::disconnect), .never_closes = true}},
  };
}

}  // namespace holdfast::broker_test
