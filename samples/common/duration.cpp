#include "common/duration.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace sample {

namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds length;
};
constexpr Unit kUnits[] = {{"ms", std::chrono::milliseconds(1)},
                           {"s", std::chrono::seconds(1)},
                           {"min", std::chrono::minutes(1)},
                           {"h", std::chrono::hours(1)}};
constexpr milliseconds kLongest = std::chrono::hours(24 * 365);

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return std::nullopt;
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  if (name.empty() && count == 0) return milliseconds(0);
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    const milliseconds result = count * unit.length;
    return result <= kLongest ? std::optional(result) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sample
