// Position: what is sent of a fix, and the channels that it is sent as. Sampler: which fixes become
// positions. No I/O and no clock, so that both are tested in microseconds.

#pragma once

#include <chrono>
#include <holdfast/series_of.hpp>
#include <optional>

#include "fix.hpp"

namespace vehicle {

struct Position {
  std::optional<double> lat;  ///< degrees; none without a fix
  std::optional<double> lon;
  std::optional<double> speed;    ///< m/s
  std::optional<double> heading;  ///< degrees, clockwise from north
};

/// Each channel as fine as it is worth its bytes: a receiver of a vehicle is good for metres.
const holdfast::SeriesOf<Position>& channels();

/// Without a place all is absent: speed and heading of a receiver that sees no satellites are the
/// last ones that it knew.
Position position_of(const Fix& fix);

/// A reading for a series: when it was taken, by the satellites; or not known, which is now.
struct Reading {
  Position position;
  std::optional<std::chrono::system_clock::time_point> time;
};

/// Picks a reading each `every`: by the satellites' time where there is a place, so that the steps
/// are even and cost nothing (docs/guides/series.md), and by the steady clock in a tunnel.
class Sampler {
 public:
  explicit Sampler(std::chrono::milliseconds every) : every_(every) {}

  /// @return nothing for a fix between two readings, and for one that has a place and no time yet
  std::optional<Reading> take(const Fix& fix, std::chrono::steady_clock::time_point now);

 private:
  bool is_due(std::chrono::system_clock::time_point time) const;

  std::chrono::milliseconds every_;
  std::optional<std::chrono::system_clock::time_point> last_time_;
  std::optional<std::chrono::steady_clock::time_point> last_;
};

}  // namespace vehicle
