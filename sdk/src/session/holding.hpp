// Whether a line that nobody needs to reach is held, with probes or in silence, or given up until
// the next message is due: whichever costs the fewest bytes. Pure arithmetic on estimates.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <holdfast/limits.hpp>

#include "base/clock.hpp"

namespace holdfast::session {

enum class Holding {
  silent,  ///< nothing is sent
  probed,  ///< TCP keep-alive probes hold what is on the way
  given_up,
};

struct HoldingCosts {
  Duration silence{};                  ///< until the next message is due
  std::chrono::seconds probe{};        ///< how often a probe is needed in this network
  std::chrono::seconds keep_alive{0};  ///< how often the broker demands a packet; 0: not at all
  std::uint64_t away_bytes = 0;        ///< a close in order and the next set-up
};

struct HoldingVerdict {
  Holding holding = Holding::silent;
  std::uint64_t held_bytes = 0;  ///< what holding costs
};

HoldingVerdict weigh(const HoldingCosts& costs);

/// What set-ups have taken lately: bytes and time. The mean follows a change within a few
/// connections (each new one counts a quarter).
class SetupCost {
 public:
  void measured(std::uint64_t ip_bytes, Duration time);

  /// A close in order and the next set-up.
  std::uint64_t away_bytes() const;
  /// How long before a message is due the session has to dial.
  Duration lead() const;

 private:
  std::optional<double> ip_bytes_;
  std::optional<double> seconds_;
};

}  // namespace holdfast::session
