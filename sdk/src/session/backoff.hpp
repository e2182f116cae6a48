// Full-jitter exponential backoff: pure, the randomness is handed in.

#pragma once

#include <functional>

#include <holdfast/options.hpp>

#include "base/clock.hpp"

namespace holdfast::session {

/// Gives a number evenly distributed in [0, 1).
using Random = std::function<double()>;

class BackoffTimer {
 public:
  BackoffTimer(const Backoff& options, Random random);

  /// The wait before the next attempt, drawn evenly from [0, min(cap, base · 2ⁿ)]; counts n up.
  Duration next() { return next_above(Duration(0), Duration(0)); }

  /// As `next`, but n is first raised to where the bound is at least `bound` (or the cap), and the
  /// wait is drawn evenly from [floor, bound]: a fleet that all waited at least the floor, and many
  /// of them exactly that, would come back in one moment.
  Duration next_above(Duration floor, Duration bound);

  /// A wait drawn evenly from [least, most], which may lie above the cap; counts n up.
  Duration between(Duration least, Duration most);

  void reset() { attempts_ = 0; }
  unsigned attempts() const { return attempts_; }
  const Backoff& options() const { return options_; }

 private:
  Duration bound() const;

  Backoff options_;
  Random random_;
  unsigned attempts_ = 0;
};

}  // namespace holdfast::session
