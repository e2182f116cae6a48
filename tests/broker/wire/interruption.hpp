// Ctrl-C: the wait that stands ends with `Interrupted`, so that what was left at the broker can
// still be cleared away. A second one ends the program at once.

#pragma once

#include <stdexcept>

namespace holdfast::broker_test {

class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

/// From now on.
void watch_for_interruption();
bool interrupted();
/// @throws Interrupted, once for each Ctrl-C
void stop_if_interrupted();

}  // namespace holdfast::broker_test
