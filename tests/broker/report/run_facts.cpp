#include "report/run_facts.hpp"

namespace holdfast::broker_test {

Tally tally_of(const std::vector<Result>& results) {
  Tally tally;
  for (const Result& result : results) {
    switch (result.finding.verdict()) {
      case Verdict::pass:
        ++tally.passed;
        break;
      case Verdict::figure:
        ++tally.figures;
        break;
      case Verdict::warning:
        ++tally.warnings;
        break;
      case Verdict::fail:
        ++(result.accepted ? tally.accepted : tally.failed);
        break;
      case Verdict::not_applicable:
        ++tally.not_applicable;
        break;
    }
  }
  return tally;
}

std::string summary_of(const Tally& tally) {
  const unsigned all = tally.passed + tally.figures + tally.warnings + tally.failed +
                       tally.accepted + tally.not_applicable;
  const auto part = [](unsigned count, const char* what) {
    return std::to_string(count) + " " + what;
  };
  return part(all, all == 1 ? "check: " : "checks: ") + part(tally.passed, "passed, ") +
         part(tally.figures, "measured, ") + part(tally.warnings, "warned, ") +
         part(tally.failed, "failed, ") +
         (tally.accepted > 0 ? part(tally.accepted, "failed and accepted, ") : "") +
         part(tally.not_applicable, "not applicable");
}

}  // namespace holdfast::broker_test
