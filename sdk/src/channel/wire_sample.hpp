// Reads what the kernel knows of a TCP connection.

#pragma once

#include <cstdint>
#include <optional>

#include "ledger/wire_meter.hpp"

namespace holdfast::channel {

/// The kernel's counters of a socket (TCP_INFO, SO_MEMINFO). Empty on kernels before 4.19, which do
/// not count bytes: a bill from half of the counters would be wrong.
std::optional<ledger::WireSample> sample_wire(int socket, bool ipv6);

/// The same as a bill: exact where nothing was lost, because nobody has looked in between.
std::optional<ledger::WireBill> bill_wire(int socket, bool ipv6);

struct PathRate {
  std::uint64_t bytes_per_second = 0;  ///< the kernel's estimate; 0: none yet
  /// That is the path's limit, and not just how little there was to send.
  bool path_is_limit = false;
};

PathRate sample_rate(int socket);

}  // namespace holdfast::channel
