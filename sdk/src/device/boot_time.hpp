// Which boot of the machine this is, how long it lasts, and when it began, as soon as anybody
// knows. Threads: any.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include <holdfast/series.hpp>

#include "device/environment.hpp"
#include "resumption/moment.hpp"

namespace holdfast::device {

/// The kernel makes a new one at each boot. Unknown where /proc is not mounted.
resumption::BootId this_boot();

/// Time asleep included.
std::chrono::milliseconds time_since_boot();

/// The date of what happens now, for who cannot wait until it is known.
class BootTime {
 public:
  explicit BootTime(Environment& environment);

  /// It is so many milliseconds since 1970 now, by a clock that can be trusted.
  void it_is(std::uint64_t wall_ms);

  /// A number for this boot, not 0. Where the kernel tells none it is one for this object.
  std::uint64_t boot() const { return boot_; }
  /// Milliseconds since 1970; empty while nobody knows the date.
  std::optional<std::int64_t> began_ms() const;

  SeriesTime now() const;

 private:
  static constexpr std::int64_t kUnknown = INT64_MIN;

  Environment& environment_;
  std::uint64_t boot_;
  std::atomic<std::int64_t> began_ms_{kUnknown};
};

}  // namespace holdfast::device
