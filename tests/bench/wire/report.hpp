// What the benchmark says: tables in Markdown, what was expected, and all of it as JSON.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "bench/wire/measure.hpp"

namespace holdfast::bench::wire {

struct RowResult {
  Row row;
  Measured measured;
  Pings pings;
  Months hourly;
  Months daily;
};

struct LineResult {
  std::string name;
  std::string description;
  std::string skipped;  ///< why the line is not there
  std::vector<RowResult> rows;
  std::vector<std::pair<std::string, std::string>> left_out;  ///< a row and what it lacks
};

/// `--tariff 2/MB`: the price of a million bytes (of a thousand millions with GB); 0 without one.
struct Tariff {
  double per_megabyte = 0;
  std::string text;
};
Tariff parse_tariff(const std::string& text);

struct Expectation {
  std::string claim;
  double value = 0;
  double bound = 0;
  bool met() const { return value <= bound; }
};

/// Those whose rows were all measured.
std::vector<Expectation> expectations(const LineResult& line);

void print(const LineResult& line, const Tariff& tariff);
nlohmann::json as_data(const LineResult& line, const Tariff& tariff);

/// What all of it rests on: packages and the kernel, by name and version.
nlohmann::json versions();
nlohmann::json machine();

}  // namespace holdfast::bench::wire
