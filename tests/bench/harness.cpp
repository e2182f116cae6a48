#include "bench/harness.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "support/process.hpp"

namespace holdfast::bench {

void give_up(const std::string& why) {
  std::cerr << why << "\n";
  std::exit(1);
}

Arguments::Arguments(int argc, char** argv, const std::vector<std::string>& known) {
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--") ||
        std::find(known.begin(), known.end(), name.substr(2)) == known.end()) {
      give_up("unknown option " + name + "; the head of the benchmark's source lists them");
    }
    if (i + 1 == argc) give_up(name + " needs a value");
    values_[name.substr(2)] = argv[i + 1];
  }
}

std::string Arguments::text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

std::size_t Arguments::number(const std::string& name, std::size_t otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const std::string& value = found->second;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) {
    give_up("--" + name + " " + value + " is not a number");
  }
  return number;
}

std::vector<double> Arguments::measure_in_child(std::size_t count,
                                                std::chrono::minutes bound) const {
  std::vector<std::string> command{std::filesystem::read_symlink("/proc/self/exe").string()};
  for (const auto& [name, value] : values_) {
    command.push_back("--" + name);
    command.push_back(value);
  }
  const auto result = test::run(command, bound);
  const auto at = result.output.rfind("result ");
  std::istringstream line(at == std::string::npos ? "" : result.output.substr(at + 7));
  std::vector<double> numbers;
  for (double number = 0; line >> number;) numbers.push_back(number);
  if (result.status != 0 || numbers.size() != count) {
    give_up(text("contender") + " failed (" + std::to_string(result.status) +
            "): " + result.output);
  }
  return numbers;
}

void print_result(const std::vector<double>& numbers) {
  std::printf("result");
  for (const double number : numbers) std::printf(" %.6f", number);
  std::printf("\n");
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<double> medians(const std::vector<std::vector<double>>& runs) {
  std::vector<double> result;
  for (std::size_t place = 0; place < runs.front().size(); ++place) {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run[place]);
    result.push_back(median(std::move(values)));
  }
  return result;
}

}  // namespace holdfast::bench
