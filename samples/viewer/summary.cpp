#include "summary.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace view {
namespace {

std::string count(std::uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string bytes(const Summary& summary) {
  std::array<char, 64> each{};
  std::snprintf(each.data(), each.size(), ", %.1f bytes per reading", bytes_per_reading(summary));
  return count(summary.ip_bytes, "byte") + " on the wire" + each.data();
}

}  // namespace

double bytes_per_reading(const Summary& summary) {
  if (summary.delivered == 0) return 0;
  return static_cast<double>(summary.ip_bytes) / static_cast<double>(summary.delivered);
}

std::string to_line(const Summary& summary) {
  return "demo: " + count(summary.delivered, "reading") + " delivered, " +
         std::to_string(summary.lost) + " lost, " + count(summary.handshakes, "handshake") + ", " +
         bytes(summary);
}

std::string to_status_line(const std::string& state, const Summary& summary) {
  return state + ": " + std::to_string(summary.delivered) + " delivered, " + bytes(summary);
}

}  // namespace view
