// The envelope's parts that only the SDK needs. Pure.

#pragma once

#include <cstddef>
#include <span>
#include <system_error>
#include <vector>

#include <holdfast/payload.hpp>

namespace holdfast::payload {

bool is_envelope(std::span<const std::byte> payload);

/// Opens one; its origin may be missing (sequence 0), as in what waits. @return
/// `malformed_payload` for one that is damaged
std::error_code read_envelope(std::span<const std::byte> payload, Body& body);

/// Whether a body may be one of several.
bool fits_envelope(std::span<const std::byte> body);

/// @param bodies at least one; of several each must fit
std::vector<std::byte> write_envelope(const Origin& origin,
                                      std::span<const std::span<const std::byte>> bodies);

}  // namespace holdfast::payload
