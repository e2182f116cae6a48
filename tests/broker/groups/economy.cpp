#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> economy_checks() {
  return {};
}

}  // namespace holdfast::broker_test
