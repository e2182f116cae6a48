// What a benchmark has measured, as JSON: every run and its median, the machine, the versions and
// the command.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/harness.hpp"

namespace holdfast::bench {

class Record {
 public:
  Record(const std::string& benchmark, int argc, char** argv);

  /// @param what the row: part, client and so on; `names` of the figures of each run
  void add(const std::vector<std::pair<std::string, std::string>>& what,
           const std::vector<std::string>& names, const std::vector<std::vector<double>>& runs);

  /// Does nothing without a name; ends the program if the file cannot be written.
  void write(const std::string& file) const;

  const nlohmann::ordered_json& document() const { return document_; }

 private:
  nlohmann::ordered_json document_;
};

}  // namespace holdfast::bench
