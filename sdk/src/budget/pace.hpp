// How much what can wait is slowed: from how far the month's use is ahead of the month. Pure.
//
// The line that the use should keep to begins at a tenth of what is there for all messages, so that
// a device may begin the month with a burst, and goes straight to 98 % of it at the month's end.
// How hard the brake is pulled depends on how much too much was used, as a share of what is left
// (of 5 % at least: in the last hours a single message would be much of it):
//
//   step  too much, of what is left   delay budgets   admitted
//   0     nothing                     × 1             everything
//   1     more than 0                 × 2             everything
//   2     more than 5 %               × 4             everything
//   3     more than 10 %              × 8             everything
//   4     more than 20 %              × 8             all but low priority
//   5     nothing but the reserve     × 8             urgent only
//   6     nothing at all              × 8             nothing, if that was asked for
//
// A step is left again only once the use is clearly below what led to it.

#pragma once

#include <chrono>
#include <cstdint>

#include <holdfast/options.hpp>
#include <holdfast/status.hpp>

namespace holdfast::budget {

struct Pace {
  unsigned batching_factor = 1;  ///< by which delay budgets are stretched
  Admission admission = Admission::everything;

  friend bool operator==(const Pace&, const Pace&) = default;
};

inline constexpr unsigned kLastStep = 6;

/// @param step 0 to `kLastStep`
Pace pace_of(unsigned step);

/// @param step     the one that is in force
/// @param elapsed  the share of the month that is over, 0 to 1
unsigned next_step(unsigned step, const Budget& budget, std::uint64_t used, double elapsed);

/// A delay budget, stretched by `factor`: to half of the time to live at most (0: there is none),
/// and to 24 hours at most, but never shortened.
std::chrono::milliseconds stretch(std::chrono::milliseconds max_delay,
                                  std::chrono::milliseconds ttl, unsigned factor);

}  // namespace holdfast::budget
