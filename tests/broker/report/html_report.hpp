// The results for people: one file that stands by itself, on a phone and on paper.

#pragma once

#include <string>
#include <vector>

#include "report/run_facts.hpp"

namespace holdfast::broker_test {

std::string html_report(const RunFacts& facts, const std::vector<Result>& results);

}  // namespace holdfast::broker_test
