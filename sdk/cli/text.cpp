#include "text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <utility>

#include "command.hpp"

namespace holdfast::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMostMilliseconds = std::int64_t{100} * 366 * 24 * 3600 * 1000;  // 100 years

constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> kUnits{{{"ms", 1},
                                                                           {"s", 1'000},
                                                                           {"min", 60'000},
                                                                           {"m", 60'000},
                                                                           {"h", 3'600'000},
                                                                           {"d", 86'400'000},
                                                                           {"", 1'000}}};

// Bytes that follow the first one of a UTF-8 sequence; -1 for a byte that begins none.
int followers(unsigned char first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return -1;
}

// The second byte's bounds, which keep out overlong forms, surrogates and what is above U+10FFFF.
bool second_may_follow(unsigned char first, unsigned char second) {
  if (first == 0xE0) return second >= 0xA0 && second <= 0xBF;
  if (first == 0xED) return second >= 0x80 && second <= 0x9F;
  if (first == 0xF0) return second >= 0x90 && second <= 0xBF;
  if (first == 0xF4) return second >= 0x80 && second <= 0x8F;
  return second >= 0x80 && second <= 0xBF;
}

}  // namespace

milliseconds parse_duration(std::string_view option, std::string_view text) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, factor] : kUnits) {
    if (error != std::errc() || number < 0 || unit != name) continue;
    if (number > kMostMilliseconds / factor) break;
    return milliseconds(number * factor);
  }
  refuse(std::string(option) + " is no duration", text,
         "write 250ms, 5s, 2min, 1h or 365d; a number alone is seconds");
}

std::uint64_t parse_moment(std::string_view option, std::string_view text, std::uint64_t now) {
  if (text.starts_with('+')) {
    const auto later = parse_duration(option, text.substr(1));
    return now + static_cast<std::uint64_t>(later.count() / 1000);
  }
  for (const char* format : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"}) {
    std::tm parts{};
    const std::string copy(text);
    const char* end = ::strptime(copy.c_str(), format, &parts);
    if (end == nullptr || *end != '\0') continue;
    // timegm makes the 2nd of March of a 30th of February: that was no date.
    const int day = parts.tm_mday;
    const std::time_t seconds = ::timegm(&parts);
    if (seconds > 0 && parts.tm_mday == day) return static_cast<std::uint64_t>(seconds);
  }
  refuse(std::string(option) + " is no date", text,
         "write 2027-01-31, 2027-01-31T12:00:00Z, or +365d for a year from now");
}

std::string format_moment(std::uint64_t seconds_since_1970) {
  constexpr std::uint64_t kYear9999 = 253'402'300'799;
  if (seconds_since_1970 > kYear9999) return std::to_string(seconds_since_1970);
  const auto seconds = static_cast<std::time_t>(seconds_since_1970);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

std::uint64_t now_in_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

std::size_t first_character(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const int more = followers(first);
  if (more < 0 || bytes.size() <= static_cast<std::size_t>(more)) return 0;
  for (int n = 1; n <= more; ++n) {
    const auto next = static_cast<unsigned char>(bytes[static_cast<std::size_t>(n)]);
    if (n == 1 ? !second_may_follow(first, next) : (next & 0xC0) != 0x80) return 0;
  }
  return static_cast<std::size_t>(more) + 1;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = first_character(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

bool is_plain_text(std::string_view bytes) {
  // C1 controls (U+0080 to U+009F) steer a terminal, too; in UTF-8 they are 0xC2 and a byte below
  // 0xA0.
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    const bool line = byte == '\t' || byte == '\n' || byte == '\r';
    if ((byte < 0x20 && !line) || byte == 0x7F) return false;
    if (byte == 0xC2 && at + 1 < bytes.size() && static_cast<unsigned char>(bytes[at + 1]) < 0xA0) {
      return false;
    }
  }
  return is_utf8(bytes);
}

}  // namespace holdfast::cli
