// Durations as a person writes them on a command line.

#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sample {

/// Reads "250ms", "5s", "1min", "2h" or "0"; whole numbers only, up to 365 days. @return nothing
/// for any other text: a number without its unit is a mistake waiting to be made.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace sample
