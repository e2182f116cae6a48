// What is in a payload: itself, or the bodies in its envelope.
//
// Threads: pure.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include <holdfast/payload.hpp>

namespace holdfast::decoding {

struct Bodies {
  std::optional<Origin> origin;  ///< empty where the payload came without an envelope
  std::vector<std::span<const std::byte>> parts;  ///< at least one; into the payload or `opened`
  Body opened;
};

/// @return `malformed_payload` for an envelope that is damaged, else an empty code; then `bodies`
/// is set. What is in them is not verified yet.
std::error_code open_bodies(std::span<const std::byte> payload, Bodies& bodies);

}  // namespace holdfast::decoding
