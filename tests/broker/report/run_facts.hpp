// What a report says of the run as a whole.

#pragma once

#include <string>
#include <vector>

#include "check.hpp"

namespace holdfast::broker_test {

struct RunFacts {
  std::string broker;   ///< HOST:PORT
  std::string mqtt;     ///< "5" or "3.1.1"
  std::string began;    ///< "2026-11-28T12:00:00Z"
  std::string version;  ///< of the suite
  double seconds = 0;
  bool interrupted = false;
};

struct Tally {
  unsigned passed = 0;
  unsigned figures = 0;
  unsigned warnings = 0;
  unsigned failed = 0;
  unsigned accepted = 0;  ///< failures that are known
  unsigned not_applicable = 0;
};

Tally tally_of(const std::vector<Result>& results);

/// The last line on the terminal: "71 checks: 58 passed, 3 warnings, …".
std::string summary_of(const Tally& tally);

}  // namespace holdfast::broker_test
