// The temperatures that the kernel knows: thermal zones (single-board computers) and hardware
// monitors (nearly everything else).

#pragma once

#include <filesystem>
#include <vector>

#include "reading.hpp"

namespace board {

/// At most this many names in one reading: each costs 16 bytes.
inline constexpr std::size_t kMaxTemperatures = 8;

/// The hottest of each name, in the order of discovery. A sensor that appears both as thermal zone
/// and as hardware monitor counts once.
std::vector<Temperature> read_temperatures(const std::filesystem::path& root);

}  // namespace board
