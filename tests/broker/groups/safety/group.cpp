// Does the broker stand whatever its clients do, and do the others notice nothing?

#include "groups/safety/parts.hpp"

#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> safety_checks() {
  std::vector<Check> checks;
  for (const auto& part : {safety_framing_checks, safety_connect_checks, safety_publish_checks,
                           safety_subscribe_checks, safety_property_checks, safety_flow_checks,
                           safety_peer_checks, safety_lockout_checks}) {
    auto some = part();
    checks.insert(checks.end(), some.begin(), some.end());
  }
  return checks;
}

}  // namespace holdfast::broker_test
