// What the benchmarks share: each measurement is a process of its own (the benchmark again, with
// --contender), so that neither sees the other's threads, caches or sockets; figures are medians.

#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace holdfast::bench {

/// Ends the program with exit code 1.
[[noreturn]] void give_up(const std::string& why);

/// The command line as it was given: pairs of --NAME VALUE.
class Arguments {
 public:
  /// Ends the program if an option is none of `known`, or has no value.
  Arguments(int argc, char** argv, const std::vector<std::string>& known);

  std::string text(const std::string& name, const std::string& otherwise = "") const;
  std::size_t number(const std::string& name, std::size_t otherwise) const;
  void set(const std::string& name, const std::string& value) { values_[name] = value; }

  /// Runs this program with these arguments and gives the numbers of its line `result …`; ends the
  /// program if it failed or printed another count of them.
  std::vector<double> measure_in_child(std::size_t count,
                                       std::chrono::minutes bound = std::chrono::minutes(5)) const;

 private:
  std::map<std::string, std::string> values_;
};

/// Prints the line that `measure_in_child` reads.
void print_result(const std::vector<double>& numbers);

double median(std::vector<double> values);

/// The medians of each place of `runs`, which must not be empty.
std::vector<double> medians(const std::vector<std::vector<double>>& runs);

}  // namespace holdfast::bench
