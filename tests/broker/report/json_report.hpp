// The results for a program:
// {"broker":…,"checks":[{"id","group","title","reference","verdict","figures","evidence","advice"}…]}

#pragma once

#include <string>
#include <vector>

#include "report/run_facts.hpp"

namespace holdfast::broker_test {

std::string json_report(const RunFacts& facts, const std::vector<Result>& results);

/// What a fleet has of it, and the settings that mend it; empty where nothing wants mending.
std::string advice_for(const Result& result);

}  // namespace holdfast::broker_test
