// A line a check on the terminal, and the summary.

#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <string>

#include "runner.hpp"

namespace holdfast::broker_test {

/// Takes the place of GoogleTest's own printer.
class Progress : public testing::EmptyTestEventListener {
 public:
  /// @param terminal a line shows what runs until its result stands there
  Progress(const Runner& runner, bool terminal) : runner_(runner), terminal_(terminal) {}

  /// A bar behind the name of the check that runs. Threads: any.
  void bar(unsigned done, unsigned all);

  void OnTestStart(const testing::TestInfo& test) override;
  void OnTestEnd(const testing::TestInfo& test) override;

 private:
  const Runner& runner_;
  bool terminal_;
  std::mutex mutex_;
  std::string running_;
  unsigned percent_ = 0;
};

}  // namespace holdfast::broker_test
