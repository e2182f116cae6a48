// What the steps of `holdfast doctor` share: how one fails, and what mends it.

#pragma once

#include <string>

#include "base/failure.hpp"
#include "command.hpp"
#include "doctor_report.hpp"

namespace holdfast::cli {

/// A step has failed and is reported: those that build on it cannot be done.
struct StepFailed {
  ExitCode code = kNotReachable;
};

/// Where on the way something failed: the same error has another cause in another place.
enum class Where { path, interface, proxy, handshake, login, publish };

/// Completes a step that has failed with the cause, and with the mend in plain words.
Step explain(Step step, const Failure& failure, Where where);

/// Reports the step as `explain` has it. @throws StepFailed
[[noreturn]] void fail(Report& report, Step step, const Failure& failure, Where where);

}  // namespace holdfast::cli
