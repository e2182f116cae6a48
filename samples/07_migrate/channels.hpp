// The channels of a reading, each as fine as the reading is. The device and the collector share
// them.

#pragma once

#include <holdfast/series.hpp>

#include "vehicle.hpp"

namespace migrate {

inline const holdfast::SeriesOf<Fix>& channels() {
  using namespace std::chrono_literals;
  static const holdfast::SeriesOf<Fix> declared(
      {.time_resolution = 1s}, {{"lat", &Fix::lat, {.resolution = 1e-6, .unit = "deg"}},
                                {"lon", &Fix::lon, {.resolution = 1e-6, .unit = "deg"}},
                                {"speed", &Fix::speed, {.resolution = 0.1, .unit = "m/s"}},
                                {"heading", &Fix::heading, {.resolution = 1, .unit = "deg"}},
                                {"fuel", &Fix::fuel, {.resolution = 0.1, .unit = "%"}}});
  return declared;
}

}  // namespace migrate
