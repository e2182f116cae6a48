// Tracks and readings as SVG. Numbers come from devices and may be anything; what is drawn stays
// inside its frame. Pure.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "store.hpp"

namespace fleet {

struct Track {
  std::size_t colour = 0;
  std::string name;
  std::vector<Position> positions;  ///< oldest first, at least one, in the range of the globe
};

/// All tracks at one scale, north up, with the last position of each, and a bar that tells the
/// scale.
std::string draw_map(const std::vector<Track>& tracks);

/// One channel over time. @param points newest first
std::string draw_plot(const std::vector<Point>& points);

}  // namespace fleet
