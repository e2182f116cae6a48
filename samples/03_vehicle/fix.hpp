// Fix: what a satellite receiver says, as far as this sample needs it. Plain values.

#pragma once

#include <chrono>
#include <optional>

namespace vehicle {

struct Place {
  double lat = 0;  ///< degrees, north positive
  double lon = 0;  ///< degrees, east positive
};

struct Fix {
  /// By the satellites; a receiver has it before it has a place, and keeps it in a tunnel.
  std::optional<std::chrono::system_clock::time_point> time;
  std::optional<Place> place;       ///< none: no fix
  std::optional<double> speed;      ///< m/s
  std::optional<double> heading;    ///< degrees, clockwise from north
  std::optional<double> error_m{};  ///< the place is so far off at most, by gpsd's estimate
};

}  // namespace vehicle
