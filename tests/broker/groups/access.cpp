#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> access_checks() {
  return {};
}

}  // namespace holdfast::broker_test
