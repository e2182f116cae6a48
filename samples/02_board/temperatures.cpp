#include "temperatures.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "text.hpp"

namespace board {
namespace {

namespace fs = std::filesystem;

// A sensor that is not connected reports one end of its range.
constexpr std::int32_t kColdest = -100'000;
constexpr std::int32_t kHottest = 250'000;

struct Sensor {
  std::string name;
  std::int32_t milli_celsius = 0;
};

/// What the directory holds under names that begin and end so, in a stable order.
std::vector<fs::path> list(const fs::path& directory, std::string_view begin,
                           std::string_view end) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), last; !error && it != last;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(begin) && name.ends_with(end)) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<std::string> read_name(const fs::path& file) {
  const auto text = read_text(file);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  std::string name(take_word(rest));
  // "cpu-thermal" is the zone, "cpu_thermal" the monitor of the same sensor.
  std::replace(name.begin(), name.end(), '-', '_');
  name.resize(std::min(name.size(), kTemperatureNameBytes));
  return name.empty() ? std::nullopt : std::optional(std::move(name));
}

void add(std::vector<Sensor>& sensors, const std::optional<std::string>& name,
         const fs::path& value_file) {
  const auto text = read_text(value_file);
  if (!name || !text) return;
  std::string_view rest = *text;
  const auto value = to_number<std::int32_t>(take_word(rest));
  if (!value || *value <= kColdest || *value >= kHottest) return;
  const auto same = std::find_if(sensors.begin(), sensors.end(),
                                 [&name](const Sensor& other) { return other.name == *name; });
  if (same != sensors.end()) {
    same->milli_celsius = std::max(same->milli_celsius, *value);
  } else if (sensors.size() < kMaxTemperatures) {
    sensors.push_back({*name, *value});
  }
}

}  // namespace

std::vector<Temperature> read_temperatures(const fs::path& root) {
  std::vector<Sensor> sensors;
  for (const fs::path& zone : list(root / "sys/class/thermal", "thermal_zone", "")) {
    add(sensors, read_name(zone / "type"), zone / "temp");
  }
  for (const fs::path& monitor : list(root / "sys/class/hwmon", "hwmon", "")) {
    const auto name = read_name(monitor / "name");
    for (const fs::path& input : list(monitor, "temp", "_input")) add(sensors, name, input);
  }
  std::vector<Temperature> result;
  result.reserve(sensors.size());
  for (const Sensor& sensor : sensors) {
    result.push_back(make_temperature(sensor.name, sensor.milli_celsius));
  }
  return result;
}

}  // namespace board
