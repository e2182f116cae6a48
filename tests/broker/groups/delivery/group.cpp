#include "catalogue.hpp"
#include "groups/delivery_kit.hpp"

namespace holdfast::broker_test {

std::vector<Check> delivery_checks() {
  return joined({message_checks(), broken_connection_checks(), qos2_checks(), topic_checks(),
                 subscription_checks(), retained_checks(), property_checks(), limit_checks()});
}

}  // namespace holdfast::broker_test
