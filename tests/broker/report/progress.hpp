// A line a check on the terminal, and the summary.

#pragma once

#include <gtest/gtest.h>

#include "runner.hpp"

namespace holdfast::broker_test {

/// Takes the place of GoogleTest's own printer.
class Progress : public testing::EmptyTestEventListener {
 public:
  /// @param terminal a line shows what runs until its result stands there
  Progress(const Runner& runner, bool terminal) : runner_(runner), terminal_(terminal) {}

  void OnTestStart(const testing::TestInfo& test) override;
  void OnTestEnd(const testing::TestInfo& test) override;

 private:
  const Runner& runner_;
  bool terminal_;
};

}  // namespace holdfast::broker_test
