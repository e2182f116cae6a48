// Durations, moments and payloads as text.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::cli {

/// "250ms", "5s", "2min", "1h", "365d"; a number alone is seconds.
/// @throws CommandError naming `option`
std::chrono::milliseconds parse_duration(std::string_view option, std::string_view text);

/// "2027-01-31", "2027-01-31T12:00:00Z", or "+365d" from `now` on; in seconds since 1970.
/// @throws CommandError naming `option`
std::uint64_t parse_moment(std::string_view option, std::string_view text, std::uint64_t now);

/// "2027-01-31T12:00:00Z"; what a calendar cannot hold is the number of seconds.
std::string format_moment(std::uint64_t seconds_since_1970);

std::uint64_t now_in_seconds();

/// Whether a terminal can show it as it is: UTF-8 without control characters but tab and line ends.
bool is_plain_text(std::string_view bytes);
bool is_utf8(std::string_view bytes);
/// Bytes of the UTF-8 character at the front; 0 if there is none.
std::size_t first_character(std::string_view bytes);

}  // namespace holdfast::cli
