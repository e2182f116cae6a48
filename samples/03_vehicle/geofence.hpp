// Geofence: a circle, and when it was crossed. A receiver is metres off, and now and then a
// hundred: a vehicle that stands on the line must not raise an alarm a second. So a side counts
// only when the place is beyond the line by a margin, or by its own error where that is more, in
// several fixes in a row. No I/O, no clock.
//
// FenceMemory: which side it was on, in a file: a vehicle that crossed the fence while the program
// was not running raises its alarm when it is.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "fix.hpp"

namespace vehicle {

struct Fence {
  Place centre;
  double radius_m = 0;
  double margin_m = 30;  ///< twice what a receiver is off in a street with houses
};

/// Reads "48.1370,11.5750,500m" (or km): latitude, longitude, radius of 10 m to 1000 km. @return
/// nothing for anything else.
std::optional<Fence> parse_fence(std::string_view text);

/// Reads "30m" or "1.5km"; 0 to 1000 km.
std::optional<double> parse_metres(std::string_view text);

/// In metres, along the surface of a sphere: at most 0.6 % off.
double distance_m(const Place& a, const Place& b);

enum class Side { outside, inside };

class Geofence {
 public:
  /// So many fixes in a row make a side: one that a wall has reflected comes alone.
  static constexpr int kConfirmations = 3;

  /// @param known on which side it was; none where nobody knows
  explicit Geofence(const Fence& fence, std::optional<Side> known = {})
      : fence_(fence), side_(known) {}

  /// Takes a fix that has a place. @return the side that it is on now, if it crossed the line. The
  /// first side that is ever known is no crossing.
  std::optional<Side> see(const Place& place, std::optional<double> error_m = {});

  /// None until there were enough fixes.
  std::optional<Side> side() const { return side_; }

 private:
  std::optional<Side> judge(const Place& place, double error_m) const;

  Fence fence_;
  std::optional<Side> side_;
  std::optional<Side> candidate_;
  int confirmations_ = 0;
};

class FenceMemory {
 public:
  /// @param file need not be there yet
  FenceMemory(std::filesystem::path file, const Fence& fence);

  /// None where nothing is known of this very fence.
  std::optional<Side> read() const;
  /// In one step, so that a loss of power leaves the old side or the new one.
  /// @throws std::system_error that names the file
  void write(Side side) const;

 private:
  std::filesystem::path file_;
  std::string fence_;
};

}  // namespace vehicle
