// How a broker has scored, group by group, as a table for docs/BROKERS.md; and what must hold for
// every broker whatever it is worth.

#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "selftest/suite_fixture.hpp"

namespace holdfast::broker_test {

/// A Markdown table: a line a group, with the ids that failed or warned.
std::string score_table(const std::string& broker, const SuiteRun& run);

/// Fails the test where a check was not carried out: it took longer than its bound, or something
/// came in its way that says nothing of the broker.
void expect_all_carried_out(const SuiteRun& run);

/// Of these ids those of the groups that are named.
std::set<std::string> of_groups(const std::set<std::string>& ids,
                                const std::set<std::string>& groups);

/// How many processes have this directory in their environment.
std::size_t processes_of(const std::filesystem::path& dir);

}  // namespace holdfast::broker_test
