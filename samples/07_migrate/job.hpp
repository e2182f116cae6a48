// What is the same in every step: how many readings, how far apart, and the wait in between.
// Nothing of it changes on the way to Holdfast.

#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "common/descriptor.hpp"
#include "vehicle.hpp"

namespace migrate {

struct Job {
  unsigned readings = 60;
  std::chrono::milliseconds every{30'000};
};

/// Adds --readings and --every.
void add_job_options(CLI::App& app, Job& job);

/// Calls `send` with each reading when it is due. @return false if a signal ended it
bool for_each_reading(const Job& job, sample::EndSignals& signals,
                      const std::function<void(const Fix&)>& send);

}  // namespace migrate
