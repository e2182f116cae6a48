#include "bench/wire/readings.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>
#include <vector>

#include "bench/harness.hpp"

namespace holdfast::bench::wire {
namespace {

// The drive has a reading each 5 s.
constexpr std::size_t kEvery = 6;

const std::vector<Fix>& drive() {
  static const std::vector<Fix> readings = [] {
    const std::string file = HOLDFAST_SOURCE_DIR "/tests/data/drive/track.csv";
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    std::vector<Fix> fixes;
    for (std::size_t number = 0; std::getline(in, line); ++number) {
      if (number % kEvery != 0) continue;
      std::replace(line.begin(), line.end(), ',', ' ');
      std::istringstream fields(line);
      Fix one;
      if (fields >> one.time_ms >> one.lat_e7 >> one.lon_e7 >> one.speed_cm_s >> one.heading_cdeg >>
          one.fuel_permille) {
        fixes.push_back(one);
      }
    }
    if (fixes.size() < 100) give_up("cannot read the drive " + file);
    return fixes;
  }();
  return readings;
}

}  // namespace

Fix Drive::next() {
  const Fix fix = drive()[at_];
  at_ = (at_ + 1) % drive().size();
  return fix;
}

std::string as_json(const Fix& fix) {
  const std::time_t seconds = fix.time_ms / 1'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"timestamp\":\"%s.%03dZ\",\"latitude\":%.7f,\"longitude\":%.7f,\"speed\":%.2f,"
                "\"heading\":%.2f,\"fuel\":%.1f}",
                date, static_cast<int>(fix.time_ms % 1'000), fix.lat_e7 / 1e7, fix.lon_e7 / 1e7,
                fix.speed_cm_s / 100.0, fix.heading_cdeg / 100.0, fix.fuel_permille / 10.0);
  return text;
}

std::string as_opaque(const Fix& fix) {
  std::string bytes(kOpaqueBytes, 'x');
  std::memcpy(bytes.data(), &fix, sizeof fix);
  return bytes;
}

double mean_json_bytes() {
  double sum = 0;
  for (const Fix& fix : drive()) sum += static_cast<double>(as_json(fix).size());
  return sum / static_cast<double>(drive().size());
}

}  // namespace holdfast::bench::wire
