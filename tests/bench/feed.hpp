// Publishes as fast as it may, or at a pace, and times each call.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "bench/harness.hpp"

namespace holdfast::bench {

class Feed {
 public:
  /// Of these arguments: `seconds`, or `rows` where that is given; `pace` in calls a second, 0: as
  /// fast as it goes.
  explicit Feed(const Arguments& arguments);

  /// @param ready waits until the next message may be published; not part of the call
  void run(const std::function<void()>& ready, const std::function<void()>& publish);

  std::size_t calls() const { return microseconds_.size(); }
  /// Since the first call.
  double seconds() const;
  /// Half of the calls, 99 of 100 of them, and all, took no longer than so many microseconds.
  std::vector<double> percentiles();

 private:
  using Clock = std::chrono::steady_clock;

  std::size_t rows_;
  std::chrono::seconds time_;
  double pace_;
  Clock::time_point start_;
  std::vector<float> microseconds_;
};

}  // namespace holdfast::bench
