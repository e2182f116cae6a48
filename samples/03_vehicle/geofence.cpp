#include "geofence.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numbers>
#include <system_error>

#include "common/descriptor.hpp"

namespace vehicle {
namespace {

constexpr double kEarthRadius = 6'371'008.8;  // IUGG's mean radius, in metres
constexpr double kLeastRadius = 10;           // less is below what a receiver can tell
constexpr double kMostMetres = 1'000'000;

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The text up to the next comma, which is taken off.
std::string_view next_field(std::string_view& text) {
  const std::size_t end = text.find(',');
  const std::string_view field = text.substr(0, end);
  text = end == text.npos ? std::string_view() : text.substr(end + 1);
  return field;
}

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw std::system_error(errno, std::generic_category(), "cannot write " + file.string());
}

void write_whole(const std::filesystem::path& file, const std::string& text) {
  const sample::Descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) fail(file);
  const auto size = static_cast<ssize_t>(text.size());
  if (::write(fd.get(), text.data(), text.size()) != size) fail(file);
  if (::fsync(fd.get()) != 0) fail(file);
}

}  // namespace

std::optional<double> parse_metres(std::string_view text) {
  double unit = 1;
  if (text.ends_with("km")) {
    unit = 1'000;
    text.remove_suffix(2);
  } else if (text.ends_with("m")) {
    text.remove_suffix(1);
  } else {
    return std::nullopt;
  }
  const auto number = parse_number(text);
  if (!number || !(*number >= 0) || *number * unit > kMostMetres) return std::nullopt;
  return *number * unit;
}

std::optional<Fence> parse_fence(std::string_view text) {
  const auto lat = parse_number(next_field(text));
  const auto lon = parse_number(next_field(text));
  const auto radius = parse_metres(text);
  if (!lat || !lon || !radius) return std::nullopt;
  if (!(std::abs(*lat) <= 90) || !(std::abs(*lon) <= 180) || *radius < kLeastRadius) {
    return std::nullopt;
  }
  return Fence{.centre = {.lat = *lat, .lon = *lon}, .radius_m = *radius};
}

// The haversine formula, which is good for near places as well as for far ones.
double distance_m(const Place& a, const Place& b) {
  const double north = std::sin(radians(b.lat - a.lat) / 2);
  const double east = std::sin(radians(b.lon - a.lon) / 2);
  const double chord =
      north * north + std::cos(radians(a.lat)) * std::cos(radians(b.lat)) * east * east;
  return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(chord)));
}

std::optional<Side> Geofence::judge(const Place& place, double error_m) const {
  const double beyond = distance_m(place, fence_.centre) - fence_.radius_m;
  if (std::abs(beyond) <= std::max(fence_.margin_m, error_m)) return std::nullopt;
  return beyond > 0 ? Side::outside : Side::inside;
}

std::optional<Side> Geofence::see(const Place& place, std::optional<double> error_m) {
  const auto side = judge(place, error_m.value_or(0));
  confirmations_ = side && side == candidate_ ? confirmations_ + 1 : 1;
  candidate_ = side;
  if (!side || side == side_ || confirmations_ < kConfirmations) return std::nullopt;
  const bool is_first = !side_;
  side_ = side;
  return is_first ? std::nullopt : side;
}

FenceMemory::FenceMemory(std::filesystem::path file, const Fence& fence) : file_(std::move(file)) {
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%.7f,%.7f,%.1fm", fence.centre.lat, fence.centre.lon,
                fence.radius_m);
  fence_ = text.data();
}

std::optional<Side> FenceMemory::read() const {
  std::ifstream in(file_);
  std::string fence;
  std::string side;
  if (!(in >> fence >> side) || fence != fence_) return std::nullopt;
  if (side == "inside") return Side::inside;
  return side == "outside" ? std::optional(Side::outside) : std::nullopt;
}

void FenceMemory::write(Side side) const {
  std::filesystem::path fresh = file_;
  fresh += ".new";
  write_whole(fresh, fence_ + (side == Side::inside ? " inside\n" : " outside\n"));
  if (::rename(fresh.c_str(), file_.c_str()) != 0) fail(file_);
  const sample::Descriptor dir(
      ::open(file_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir || ::fsync(dir.get()) != 0) fail(file_.parent_path());
}

}  // namespace vehicle
