// Runs checks under GoogleTest, so that filters, repeats and JUnit XML are the ones people know.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "check.hpp"
#include "options.hpp"
#include "stage.hpp"

namespace holdfast::broker_test {

class Runner {
 public:
  Runner(const SuiteOptions& options, const Broker& broker);

  /// Makes a test of GoogleTest of each check.
  void enrol(const std::vector<Check>& checks);

  /// Runs one, within its time; whatever it throws is found. Never throws.
  const Result& run(const Check& check);

  /// Called from any thread while a check takes long.
  void on_progress(std::function<void(unsigned, unsigned)> show) { on_progress_ = std::move(show); }

  const std::vector<Result>& results() const { return results_; }
  /// The name of this run, in topics and client ids.
  const std::string& name() const { return name_; }

 private:
  const SuiteOptions& options_;
  const Broker& broker_;
  std::string name_;
  std::vector<Result> results_;
  std::function<void(unsigned, unsigned)> on_progress_;
};

}  // namespace holdfast::broker_test
