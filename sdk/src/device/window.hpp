// How much may have left the outbox and not yet be on the wire: the larger of 8 KiB and what the
// link carries in two seconds. Everything behind this point can no longer be overtaken by urgent
// data, and is sent again after a broken connection. Pure.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <holdfast/limits.hpp>

namespace holdfast::device {

class Window {
 public:
  /// @param bytes_per_second the kernel's estimate of the path; 0: none
  /// @param path_is_limit the estimate is the path's limit, not just how little there was to send
  void measure(std::uint64_t bytes_per_second, bool path_is_limit) {
    if (bytes_per_second == 0) return;
    const std::uint64_t wanted =
        bytes_per_second * static_cast<std::uint64_t>(limits::kWindowTime.count());
    // A path that was never filled may carry more than was seen; it is not made smaller than at
    // first.
    const std::size_t least = path_is_limit ? limits::kMinWindowBytes : limits::kInitialWindowBytes;
    bytes_ =
        static_cast<std::size_t>(std::clamp<std::uint64_t>(wanted, least, limits::kMaxWindowBytes));
  }

  std::size_t bytes() const { return bytes_; }
  /// Half is for Paho and the pipe, half for what the kernel holds unsent.
  std::size_t pipe_bytes() const { return bytes_ / 2; }
  std::size_t kernel_bytes() const { return bytes_ / 2; }

 private:
  std::size_t bytes_ = limits::kInitialWindowBytes;
};

}  // namespace holdfast::device
