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
  Duration next();

  /// As `next`, for a failure that only a person can mend: n is first raised to where the bound is
  /// the cap, and the wait is at least a tenth of the cap.
  Duration next_slow();

  void reset() { attempts_ = 0; }
  unsigned attempts() const { return attempts_; }

 private:
  Duration bound() const;

  Backoff options_;
  Random random_;
  unsigned attempts_ = 0;
};

}  // namespace holdfast::session
