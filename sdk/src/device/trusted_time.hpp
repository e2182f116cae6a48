// The wall clock, as far as it can be trusted: what the app has said it is, or what the system says
// once that is synchronised. An embedded device without a battery clock starts in 1970.
//
// Threads: one at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace holdfast::device {

/// Milliseconds since 1970; empty while nobody knows.
using WallClock = std::function<std::optional<std::uint64_t>()>;

/// The system's clock, if the kernel says that it is synchronised (adjtimex).
std::optional<std::uint64_t> synchronised_system_time();

class TrustedTime {
 public:
  explicit TrustedTime(WallClock system = synchronised_system_time) : system_(std::move(system)) {}

  /// The app says that it is `wall` now.
  void set(std::chrono::system_clock::time_point wall, Instant now);
  /// Since 1970.
  std::optional<std::uint64_t> milliseconds(Instant now) const;
  std::optional<std::uint64_t> seconds(Instant now) const;

 private:
  struct Known {
    std::uint64_t milliseconds;
    Instant at;
  };

  WallClock system_;
  std::optional<Known> known_;
};

}  // namespace holdfast::device
