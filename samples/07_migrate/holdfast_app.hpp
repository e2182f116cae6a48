// What the steps on Holdfast share: the command line, the wait for the first connection, and the
// end.

#pragma once

#include <chrono>
#include <functional>
#include <holdfast/device.hpp>
#include <string>

#include "common/connection.hpp"
#include "job.hpp"

namespace migrate {

struct HoldfastLine {
  sample::Connection connection;
  std::string client_id;
  Job job;
  std::chrono::milliseconds max_delay{300'000};  ///< for the step that has one
};

/// @return false if the program has to end at once with `exit`
bool parse(const char* program, const char* purpose, int argc, char** argv, HoldfastLine& line,
           int& exit);

/// Starts the device, calls `send` with each reading when it is due, waits until all have been
/// acknowledged, and stops the device.
/// @return the program's exit code
int run(holdfast::Device& device, const Job& job, sample::EndSignals& signals,
        const std::function<void(const Fix&)>& send);

}  // namespace migrate
