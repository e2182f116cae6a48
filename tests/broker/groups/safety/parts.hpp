// The parts of the group safety, a file each.

#pragma once

#include <vector>

#include "check.hpp"

namespace holdfast::broker_test {

std::vector<Check> safety_connect_checks();
std::vector<Check> safety_framing_checks();
std::vector<Check> safety_publish_checks();
std::vector<Check> safety_subscribe_checks();
std::vector<Check> safety_property_checks();
std::vector<Check> safety_flow_checks();
std::vector<Check> safety_peer_checks();
std::vector<Check> safety_lockout_checks();

}  // namespace holdfast::broker_test
