#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> resilience_checks() {
  return {};
}

}  // namespace holdfast::broker_test
