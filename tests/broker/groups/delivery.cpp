#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> delivery_checks() {
  return {};
}

}  // namespace holdfast::broker_test
