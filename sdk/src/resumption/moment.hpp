// Time that goes on counting across restarts and reboots, as far as anybody has measured it. Pure.

#pragma once

#include <cstdint>

namespace holdfast::resumption {

/// Which boot of the machine; all zero where nobody knows, which equals no boot.
struct BootId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool known() const { return high != 0 || low != 0; }
  bool operator==(const BootId&) const = default;
};

struct Moment {
  BootId boot;
  std::uint64_t uptime = 0;  ///< seconds since the boot, time asleep included
  std::uint64_t wall = 0;    ///< seconds since 1970, from a clock that is trusted; 0: there is none
  bool operator==(const Moment&) const = default;
};

/// Seconds that have passed for certain. Within one boot that is what the kernel has counted;
/// across boots at least how long this boot lasts, and more where a trusted clock knew the time at
/// both ends. Wall clocks that disagree with the kernel (set back meanwhile) count for nothing.
std::uint64_t passed(const Moment& since, const Moment& now);

}  // namespace holdfast::resumption
