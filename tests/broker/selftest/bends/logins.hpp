// Ways to bend logins and what answers them.

#pragma once

#include <functional>

#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {

/// The broker gets another login in the place of the client's.
Bending logged_in_as(std::function<void(Connect&)> change);
/// The client gets another CONNACK.
Bending answered_with(std::function<void(Connack&)> change);

/// CONNECTs the first way, all else the second.
Bending by_login(Bending logins, Bending others);

}  // namespace holdfast::broker_test
