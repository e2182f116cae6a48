// What the doctor hears of the device itself, before it goes the device's way.

#pragma once

#include <string>

#include "doctor_report.hpp"

namespace holdfast::cli {

/// Asks the process that runs on `state_dir` how it is, and reports that as a step.
void ask_about_device(const std::string& state_dir, Report& report);

}  // namespace holdfast::cli
