#include "report/html_report.hpp"

namespace holdfast::broker_test {

std::string html_report(const RunFacts& facts, const std::vector<Result>&) {
  return facts.broker;
}

}  // namespace holdfast::broker_test
