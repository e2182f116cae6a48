#include "catalogue.hpp"

namespace holdfast::broker_test {

const std::vector<Check>& catalogue() {
  static const std::vector<Check> all = [] {
    std::vector<Check> checks;
    for (const auto& group : {identity_checks, economy_checks, delivery_checks, session_checks,
                              access_checks, safety_checks, resilience_checks, load_checks}) {
      auto some = group();
      checks.insert(checks.end(), some.begin(), some.end());
    }
    return checks;
  }();
  return all;
}

}  // namespace holdfast::broker_test
