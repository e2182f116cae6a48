// The reading of a board (schemas/samples/board.fbs), and the names of its temperatures as text.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "board_generated.h"

namespace board {

/// The bytes that a temperature has for its name.
inline constexpr std::size_t kTemperatureNameBytes = 12;

/// @param name cut where it is too long; bytes that are not printable ASCII become "?"
Temperature make_temperature(std::string_view name, std::int32_t milli_celsius);

/// The name, fit for a terminal whatever the sender put into it.
std::string name_of(const Temperature& temperature);

}  // namespace board
