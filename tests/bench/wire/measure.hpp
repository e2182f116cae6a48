// Measures one row on one line, and what a month of it takes.

#pragma once

#include <chrono>
#include <cstddef>

#include "bench/wire/line.hpp"
#include "bench/wire/rows.hpp"
#include "economics/month.hpp"
#include "economics/wire_cost.hpp"

namespace holdfast::bench::wire {

/// A reading each 30 s, 86,400 in 30 days.
inline constexpr auto kEvery = std::chrono::seconds(30);
inline constexpr auto kKeepAlive = std::chrono::seconds(60);

struct SampleSettings {
  std::size_t readings = 20;
  std::size_t runs = 3;
  /// On a line that loses packets each run sends all readings, and the medians of the runs count.
  /// On one that does not, chance can only add packets (an acknowledgement that did not wait for
  /// the answer of a program that a busy machine kept waiting). So the first run alone sends them,
  /// and what was disturbed least counts: of readings sent alone the tenth part with the fewest
  /// bytes, of set-ups and closes the smallest. Batches differ by what is in them: their mean.
  bool loses_packets = false;
  /// Besides the silence after each message.
  std::chrono::milliseconds pause{0};
};

struct Pings {
  double seen = 0;      ///< in a session with readings at the double pace of its keep-alive
  double readings = 0;  ///< of that session
  economics::Cost one{};
};

struct Measured {
  std::size_t messages = 0;  ///< in each run
  economics::Cost message{};
  economics::Cost full_set_up{};
  economics::Cost again{};  ///< the set-up after the first
  bool resumed = false;     ///< whether that rested on the first
  economics::Cost closing{};
  economics::Cost declaration{};
};

Measured measure(const Row& row, const Stage& stage, Line& line, const SampleSettings& settings);

/// 5 s of keep-alive and a reading each 2.5 s: the clock of the story, twelve times as fast.
Pings measure_pings(const Row& row, const Stage& stage, const Line& line, const Measured& measured);

struct Months {
  economics::Month month;
  double bytes = 0;         ///< all but lookups
  double lookups = 0;       ///< how often the name is asked for
  double lookup_bytes = 0;  ///< what that takes
};

Months month_of(const Row& row, const Measured& measured, const Pings& pings,
                double reconnects_per_day, double lookup_bytes);

/// Of one reading sent alone.
economics::Cost limit_of(const Row& row);

}  // namespace holdfast::bench::wire
