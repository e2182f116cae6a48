// Until when something may take. Every wait of the suite has one, so that no broker can hang it.

#pragma once

#include <algorithm>
#include <chrono>

namespace holdfast::broker_test {

using Clock = std::chrono::steady_clock;

class Deadline {
 public:
  explicit Deadline(Clock::duration from_now) : at_(Clock::now() + from_now) {}
  explicit Deadline(Clock::time_point at) : at_(at) {}

  /// The earlier of this one and one that begins now.
  Deadline within(Clock::duration from_now) const {
    return Deadline(std::min(at_, Clock::now() + from_now));
  }
  bool over() const { return Clock::now() >= at_; }
  /// For poll(2): rounded up, so that nobody wakes early and spins.
  int milliseconds_left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
  }

 private:
  Clock::time_point at_;
};

}  // namespace holdfast::broker_test
