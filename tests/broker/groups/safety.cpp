#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> safety_checks() {
  return {};
}

}  // namespace holdfast::broker_test
