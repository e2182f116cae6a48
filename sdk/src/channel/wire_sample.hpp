// Reads what the kernel knows of a TCP connection.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <holdfast/limits.hpp>

#include "ledger/wire_meter.hpp"

namespace holdfast::channel {

/// The kernel's counters of a socket (TCP_INFO, SO_MEMINFO). Empty on kernels before 4.19, which do
/// not count bytes: a bill from half of the counters would be wrong.
std::optional<ledger::WireSample> sample_wire(int socket, bool ipv6);

/// The same as a bill: exact where nothing was lost, because nobody has looked in between.
std::optional<ledger::WireBill> bill_wire(int socket, bool ipv6);

struct RoundTrips {
  std::chrono::microseconds smoothed{0};  ///< RFC 6298 section 2
  std::chrono::microseconds shortest{0};  ///< of the last minutes

  /// They are much longer than they need be: all that the path carries is in use.
  bool queue_stands() const {
    return smoothed > 2 * shortest && smoothed > shortest + limits::kStandingQueue;
  }
};

RoundTrips sample_round_trips(int socket);

/// Bytes that the kernel holds: not sent yet, or not acknowledged.
std::size_t bytes_in_kernel(int socket);

}  // namespace holdfast::channel
