// A recorded drive: what the receiver of a vehicle would say.

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace drive {

struct Position {
  std::optional<double> lat;  // degrees, north positive; none without a fix
  std::optional<double> lon;
  float speed = 0;    // m/s
  float heading = 0;  // degrees, clockwise from north
  float fuel = 0;     // percent of the tank
};

struct Track {
  std::vector<Position> positions;
};

/// Reads lines of "time_ms,lat_e7,lon_e7,speed_cm_s,heading_cdeg,fuel_permille" after a line with
/// these names; lat and lon may be empty. The times are not used: a replay has its own.
/// @throws std::runtime_error that names the file, the line and what it should be.
Track read_track(const std::string& file);

}  // namespace drive
