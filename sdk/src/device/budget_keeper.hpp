// The month's budget with a disk, a clock and a voice: budget/meter.hpp fed by the device's bill.
// Without a budget in the options every member does nothing.
//
// Threads: the worker's thread only; the constructor anywhere. The count is written and synced a
// few times a day (budget/meter.hpp says when).

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "budget/meter.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "device/trusted_time.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

class BudgetKeeper {
 public:
  BudgetKeeper(const Settings& settings, Shared& shared, const TrustedTime& time);

  /// @param ip_bytes of all connections of this device so far
  void update(std::uint64_t ip_bytes, Instant now);
  /// Writes the count down, for a device that ends.
  void finish(std::uint64_t ip_bytes, Instant now);

  /// The month is used up, and a hard stop was asked for.
  bool stops() const { return meter_ && meter_->pace().admission == Admission::nothing; }
  /// Why nobody is dialled then.
  Failure why_stopped() const;

  std::optional<Instant> next_look() const;
  std::optional<BudgetStatus> status() const;

 private:
  void slow_down();
  void keep();

  Shared& shared_;
  const TrustedTime& time_;
  std::optional<state::Slots> slots_;
  std::string remark_;  // on what was found on the disk; told once
  std::optional<budget::Meter> meter_;
};

}  // namespace holdfast::device
