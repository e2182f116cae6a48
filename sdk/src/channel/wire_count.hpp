// What a TCP connection has cost so far, as the carrier counts it: IP packets with all headers.

#pragma once

#include <cstdint>
#include <optional>

namespace holdfast::channel {

struct WireCount {
  std::uint64_t ip_bytes_up = 0;
  std::uint64_t ip_bytes_down = 0;
  std::uint64_t segments_up = 0;
  std::uint64_t segments_down = 0;
  /// The kernel's estimate of what the path delivers; 0: none yet.
  std::uint64_t bytes_per_second = 0;
  /// That estimate is the path's limit, and not just how little there was to send.
  bool path_is_limit = false;
};

/// Reads the kernel's counters (TCP_INFO) of a connected socket. Retransmissions are included, and
/// so is the set-up; segments that follow this call (the last ACKs of a close) are not.
std::optional<WireCount> count_wire(int socket, bool ipv6);

}  // namespace holdfast::channel
