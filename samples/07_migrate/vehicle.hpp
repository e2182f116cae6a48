// What every step sends: the positions of a vehicle, and the JSON that its app has always written.
// Pure; the same drive each time, so that what arrived by one step can be held against the next.

#pragma once

#include <cstdint>
#include <string>

namespace migrate {

struct Fix {
  std::int64_t time_s = 0;  ///< seconds since 1970-01-01 UTC
  double lat = 0;           ///< degrees, to the millionth
  double lon = 0;
  double speed = 0;    ///< m/s, to the tenth
  double heading = 0;  ///< degrees, whole ones
  double fuel = 0;     ///< percent of the tank, to the tenth
};

/// A drive of readings 30 s apart. It stands for the receiver of a real vehicle.
class Vehicle {
 public:
  Fix next();

 private:
  int random(int below);

  std::uint32_t seed_ = 17;
  std::int64_t time_s_ = 1'767'225'600;  // 2026-01-01
  // Millionths of a degree, tenths of m/s, degrees, tenths of a percent.
  int lat_ = 48'137'154;
  int lon_ = 11'576'124;
  int speed_ = 180;
  int heading_ = 90;
  int fuel_ = 782;
};

/// The text that the app posts today: it names the device, because nothing else does.
std::string as_json(const Fix& fix);

/// The time in it, in seconds since 1970; 0 for any other text.
std::int64_t parse_time(const std::string& text);

/// The same in one form, by whatever way it came: what the collector writes down.
std::string as_line(const Fix& fix);

}  // namespace migrate
