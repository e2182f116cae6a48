// In which order several brokers are tried: the first one first, until another one has worked; that
// one is then preferred for a while. Pure.

#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <holdfast/limits.hpp>

#include "base/clock.hpp"

namespace holdfast::device {

class BrokerOrder {
 public:
  /// @param brokers how many there are, at least 1; they are counted from 0
  explicit BrokerOrder(std::size_t brokers) : brokers_(brokers) {}

  /// Which brokers an attempt tries, in this order: every one once.
  std::vector<std::size_t> next(Instant now) {
    if (until_ && now >= *until_) begin_with_first();
    std::vector<std::size_t> order{start_};
    for (std::size_t i = 0; i < brokers_; ++i) {
      if (i != start_) order.push_back(i);
    }
    return order;
  }

  /// The device has logged in. The time of a preference counts from its beginning, so that the way
  /// back to the first broker is tried however often the connection is made anew.
  void worked(std::size_t which, Instant now) {
    if (which == start_ && (which == 0 || until_)) return;
    start_ = which;
    until_ = which == 0 ? std::nullopt : std::optional(now + limits::kFallbackPreference);
  }

  /// The broker was reached, and did not let the device in: the next one has its turn.
  void let_down(std::size_t which) {
    start_ = (which + 1) % brokers_;
    until_.reset();
  }

  void begin_with_first() {
    start_ = 0;
    until_.reset();
  }

 private:
  std::size_t brokers_;
  std::size_t start_ = 0;
  std::optional<Instant> until_;
};

}  // namespace holdfast::device
