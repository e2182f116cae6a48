// The operator's commands: what restarts the broker, and what kills it.

#pragma once

#include <string>

#include "wire/deadline.hpp"

namespace holdfast::broker_test {

/// Runs it with /bin/sh, with its output kept away from ours, and waits for its end.
/// @throws std::runtime_error with the end of its output if it fails or is not over in time (it is
/// killed then)
void run_command(const std::string& command, Deadline deadline);

}  // namespace holdfast::broker_test
