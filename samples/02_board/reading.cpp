#include "reading.hpp"

#include <algorithm>
#include <array>

namespace board {
namespace {

bool is_printable(char c) {
  return c > ' ' && c <= '~';
}

}  // namespace

Temperature make_temperature(std::string_view name, std::int32_t milli_celsius) {
  std::array<std::uint8_t, kTemperatureNameBytes> bytes{};
  std::transform(name.begin(), name.begin() + std::min(name.size(), bytes.size()), bytes.begin(),
                 [](char c) { return static_cast<std::uint8_t>(is_printable(c) ? c : '?'); });
  return {milli_celsius, flatbuffers::span<const std::uint8_t, kTemperatureNameBytes>(bytes)};
}

std::string name_of(const Temperature& temperature) {
  std::string name;
  for (const std::uint8_t byte : *temperature.name()) {
    if (byte == 0) break;
    const char c = static_cast<char>(byte);
    name += is_printable(c) ? c : '?';
  }
  return name;
}

}  // namespace board
