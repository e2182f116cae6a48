// Before the first check: is there a broker, is it the one whose key is pinned, and does it let us
// in? Without that no check would tell anything.

#pragma once

#include <string>

#include "options.hpp"
#include "stage.hpp"

namespace holdfast::broker_test {

enum ExitCode : int {
  kDone = 0,
  kCheckFailed = 1,
  kUsage = 2,  ///< also a login that is refused: the operator has to give another one
  kIdentityRefused = 3,
  kNotReachable = 4,
  kInterrupted = 130,  ///< as shells have it for SIGINT
};

struct Preflight {
  ExitCode result = kDone;
  std::string complaint;  ///< what is wrong, and the mend
  Broker broker;
};

Preflight look_at(const SuiteOptions& options);

}  // namespace holdfast::broker_test
