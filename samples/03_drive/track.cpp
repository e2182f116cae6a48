#include "track.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace drive {
namespace {

constexpr std::string_view kHeader = "time_ms,lat_e7,lon_e7,speed_cm_s,heading_cdeg,fuel_permille";
constexpr std::size_t kColumns = 6;

using Columns = std::array<std::optional<double>, kColumns>;

// @return nothing unless there are six numbers, of which lat and lon may be missing.
std::optional<Columns> parse(std::string_view line) {
  Columns columns;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::size_t end = line.find(',');
    if ((end == line.npos) != (i + 1 == kColumns)) return std::nullopt;
    const std::string_view text = line.substr(0, end);
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc() && stop == text.data() + text.size();
    const bool may_be_missing = text.empty() && (i == 1 || i == 2);
    if (!is_number && !may_be_missing) return std::nullopt;
    if (is_number) columns[i] = value;
    line = end == line.npos ? std::string_view() : line.substr(end + 1);
  }
  return columns;
}

Position position_of(const Columns& columns) {
  Position position;
  if (columns[1]) position.lat = *columns[1] * 1e-7;
  if (columns[2]) position.lon = *columns[2] * 1e-7;
  position.speed = static_cast<float>(*columns[3] / 100);
  position.heading = static_cast<float>(*columns[4] / 100);
  position.fuel = static_cast<float>(*columns[5] / 10);
  return position;
}

[[noreturn]] void refuse(const std::string& file, std::size_t number, const std::string& line) {
  throw std::runtime_error(file + ":" + std::to_string(number) + " is \"" + line +
                           "\"; wanted are " + std::string(kHeader));
}

}  // namespace

Track read_track(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + " cannot be read: name a file with a recorded drive");
  Track track;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (number == 1 && line == kHeader) continue;
    const auto columns = parse(line);
    if (!columns || number == 1) refuse(file, number, line);
    track.positions.push_back(position_of(*columns));
  }
  if (track.positions.empty()) throw std::runtime_error(file + " has no position");
  return track;
}

}  // namespace drive
