#include "position.hpp"

namespace vehicle {

using namespace std::chrono_literals;

const holdfast::SeriesOf<Position>& channels() {
  static const holdfast::SeriesOf<Position> declared(
      {.time_resolution = 1s}, {{"lat", &Position::lat, {.resolution = 1e-6, .unit = "deg"}},
                                {"lon", &Position::lon, {.resolution = 1e-6, .unit = "deg"}},
                                {"speed", &Position::speed, {.resolution = 0.1, .unit = "m/s"}},
                                {"heading", &Position::heading, {.resolution = 1, .unit = "deg"}}});
  return declared;
}

Position position_of(const Fix& fix) {
  if (!fix.place) return {};
  return {.lat = fix.place->lat, .lon = fix.place->lon, .speed = fix.speed, .heading = fix.heading};
}

std::optional<Reading> Sampler::take(const Fix& fix, std::chrono::steady_clock::time_point now) {
  if (fix.place) {
    // A place without a date belongs nowhere in the series; the receiver knows it a second later.
    if (!fix.time || !is_due(*fix.time)) return std::nullopt;
    last_time_ = fix.time;
  } else if (last_ && now - *last_ < every_) {
    return std::nullopt;
  }
  last_ = now;
  return Reading{position_of(fix), fix.time};
}

// A receiver that was wrong about the time puts its clock back: then the steps begin anew.
bool Sampler::is_due(std::chrono::system_clock::time_point time) const {
  return !last_time_ || time < *last_time_ || time - *last_time_ >= every_;
}

}  // namespace vehicle
