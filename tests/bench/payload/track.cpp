#include "bench/payload/track.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "bench/harness.hpp"

namespace holdfast::bench {

std::vector<Reading> read_track(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) give_up("cannot read the track " + file);
  std::vector<Reading> track;
  while (std::getline(in, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream fields(line);
    Reading one;
    if (fields >> one.time >> one.lat >> one.lon >> one.speed >> one.heading >> one.fuel) {
      track.push_back(one);
    }
  }
  if (track.size() < 2'000) give_up("the track is too short: " + file);
  return track;
}

}  // namespace holdfast::bench
