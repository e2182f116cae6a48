// How much may have left the outbox and not yet be with the broker: what the link carries in two
// seconds. Everything behind this point can no longer be overtaken by urgent data, and is sent
// again after a broken connection. TCP's own window is no such bound: it fills whatever queue the
// network has, a minute of a slow link. Pure.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <holdfast/limits.hpp>

#include "base/clock.hpp"
#include "channel/wire_sample.hpp"

namespace holdfast::device {

class Window {
 public:
  /// What the handshake has told of the path. A long way may be a thin one, which takes so long to
  /// carry a small segment: the window begins small there, and grows within a few round trips.
  void begin(Duration shortest_round_trip) {
    if (shortest_round_trip > limits::kStandingQueue) bytes_ = limits::kMinWindowBytes;
  }

  /// The window is full, and looked at. The rate is measured here, over a round trip at least: the
  /// kernel's own counts each segment as a full one, and does not fall for a sender that holds
  /// itself back, as we do.
  /// @param delivered  all bytes that the broker's host has acknowledged
  void measure(Instant now, std::uint64_t delivered, const channel::RoundTrips& round_trips) {
    const Duration period = std::max<Duration>(round_trips.smoothed, limits::kWindowMeasure);
    const bool went_on = now - looked_ <= 2 * std::max<Duration>(period, limits::kWindowLookMost);
    looked_ = now;
    if (!since_ || !went_on) {
      since_ = {now, delivered};
    } else if (now - since_->at >= period) {
      const std::chrono::duration<double> time = now - since_->at;
      const auto rate = static_cast<double>(delivered - since_->delivered) / time.count();
      const auto carried =
          static_cast<std::size_t>(std::min(rate * static_cast<double>(limits::kWindowTime.count()),
                                            static_cast<double>(limits::kMaxWindowBytes)));
      // Without a queue the rate is that of this very window, or of what there was to send.
      bytes_ = round_trips.queue_stands() ? std::max(carried, limits::kMinWindowBytes)
                                          : std::max(carried, bytes_);
      since_ = {now, delivered};
    }
  }

  std::size_t bytes() const { return bytes_; }
  /// What may wait in the process; the rest is for the kernel and the network.
  std::size_t pipe_bytes() const { return bytes_ / 2; }

 private:
  struct Mark {
    Instant at;
    std::uint64_t delivered;
  };

  std::size_t bytes_ = limits::kInitialWindowBytes;
  std::optional<Mark> since_;  // when the window was full for the first time
  Instant looked_{};
};

}  // namespace holdfast::device
