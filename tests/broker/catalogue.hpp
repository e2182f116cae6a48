// All checks, in the order in which they run: from what a connection needs to what hurts a broker.

#pragma once

#include <vector>

#include "check.hpp"

namespace holdfast::broker_test {

std::vector<Check> identity_checks();
std::vector<Check> economy_checks();
std::vector<Check> delivery_checks();
std::vector<Check> session_checks();
std::vector<Check> safety_checks();
std::vector<Check> access_checks();
std::vector<Check> resilience_checks();
std::vector<Check> load_checks();

/// All of them. Ids are unique.
const std::vector<Check>& catalogue();

}  // namespace holdfast::broker_test
