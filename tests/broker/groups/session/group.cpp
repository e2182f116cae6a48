#include "catalogue.hpp"
#include "groups/delivery_kit.hpp"

namespace holdfast::broker_test {

// Their ids begin with "delivery." as well: a session is what delivery stands on.
std::vector<Check> session_checks() {
  return joined({kept_session_checks(), queue_checks(), presence_checks(), will_checks()});
}

}  // namespace holdfast::broker_test
