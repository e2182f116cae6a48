#include "vehicle.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <ctime>

namespace migrate {
namespace {

constexpr int kSecondsBetween = 30;
constexpr const char* kTimePattern = "%Y-%m-%dT%H:%M:%SZ";
constexpr double kDegreesToRadians = 0.017453292519943295;

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::array<char, 256> text{};
  std::va_list values;
  va_start(values, pattern);
  std::vsnprintf(text.data(), text.size(), pattern, values);
  va_end(values);
  return text.data();
}

}  // namespace

int Vehicle::random(int below) {
  seed_ = seed_ * 1'664'525 + 1'013'904'223;  // Knuth's generator of 32 bits
  return static_cast<int>((seed_ >> 8U) % static_cast<std::uint32_t>(below));
}

Fix Vehicle::next() {
  speed_ = std::clamp(speed_ + random(61) - 30, 0, 360);
  heading_ = (heading_ + 360 + random(31) - 15) % 360;
  const double meters = speed_ / 10.0 * kSecondsBetween;
  // A degree of latitude is 111 km, one of longitude at this latitude 74.
  lat_ += static_cast<int>(std::lround(meters * std::cos(heading_ * kDegreesToRadians) / 0.111));
  lon_ += static_cast<int>(std::lround(meters * std::sin(heading_ * kDegreesToRadians) / 0.074));
  if (random(4) == 0) --fuel_;
  time_s_ += kSecondsBetween;
  return {.time_s = time_s_,
          .lat = lat_ / 1e6,
          .lon = lon_ / 1e6,
          .speed = speed_ / 10.0,
          .heading = static_cast<double>(heading_),
          .fuel = fuel_ / 10.0};
}

std::string as_json(const Fix& fix) {
  const std::time_t seconds = fix.time_s;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), kTimePattern, &utc);
  return format(
      R"({"device":"truck-17","time":"%s","lat":%.6f,"lon":%.6f,"speed":%.1f,"heading":%.0f,"fuel":%.1f})",
      time.data(), fix.lat, fix.lon, fix.speed, fix.heading, fix.fuel);
}

std::int64_t parse_time(const std::string& text) {
  std::tm utc{};
  const char* const end = ::strptime(text.c_str(), kTimePattern, &utc);
  return end != nullptr && *end == '\0' ? ::timegm(&utc) : 0;
}

std::string as_line(const Fix& fix) {
  return format("%lld,%.6f,%.6f,%.1f,%.0f,%.1f", static_cast<long long>(fix.time_s), fix.lat,
                fix.lon, fix.speed, fix.heading, fix.fuel);
}

}  // namespace migrate
