#include "catalogue.hpp"

namespace holdfast::broker_test {

std::vector<Check> load_checks() {
  return {};
}

}  // namespace holdfast::broker_test
