// Random bytes from the system, by wolfCrypt. Threads: any.

#pragma once

#include <cstdint>
#include <span>

namespace holdfast::crypto {

/// @throws std::runtime_error if the system has none.
void fill_with_random(std::span<std::uint8_t> bytes);

}  // namespace holdfast::crypto
