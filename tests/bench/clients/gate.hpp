// Counts what was published and what was done, and lets a publisher wait.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "bench/harness.hpp"

namespace holdfast::bench {

class Gate {
 public:
  /// @param most what may be under way when `wait_for_room` returns; 0: no bound
  explicit Gate(std::size_t most) : most_(most) {}

  void published(std::size_t count = 1) {
    const std::lock_guard lock(mutex_);
    under_way_ += count;
  }
  void done(std::size_t count = 1) {
    const std::lock_guard lock(mutex_);
    under_way_ -= count;
    // Not for each: a publisher that is woken for one message only wastes time.
    if (under_way_ == 0 || under_way_ <= most_ / 2) changed_.notify_all();
  }
  void wait_for_room() {
    if (most_ == 0) return;
    std::unique_lock lock(mutex_);
    if (under_way_ < most_) return;
    wait(lock, [this] { return under_way_ <= most_ / 2; });
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    wait(lock, [this] { return under_way_ == 0; });
  }

 private:
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition) {
    if (!changed_.wait_for(lock, std::chrono::minutes(3), condition)) {
      give_up(std::to_string(under_way_) + " messages were not done in time");
    }
  }

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
};

}  // namespace holdfast::bench
