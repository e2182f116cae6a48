// What the session has learned of networks (session/idle_interval.hpp), kept across restarts.
//
// Threads: the worker's thread only; the constructor anywhere. It is written when a connection ends
// and there is something new, and not more often than once an hour but for the last time: a lost
// lesson costs a few probes, a worn flash a device.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "session/idle_interval.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

class LineKeeper {
 public:
  using Rows = std::vector<session::IdleRecords::Row>;

  LineKeeper(const Settings& settings, Shared& shared);

  /// What was kept; empty without a state directory, or where what is there is of no use.
  Rows load();
  enum class When { now_and_then, last };
  void keep(const Rows& rows, When when, Instant now);

 private:
  Shared& shared_;
  std::optional<state::Slots> slots_;
  Rows kept_;
  std::optional<Instant> kept_at_;
};

}  // namespace holdfast::device
