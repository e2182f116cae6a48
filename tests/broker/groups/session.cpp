#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> session_checks() {
  return {};
}

}  // namespace holdfast::broker_test
