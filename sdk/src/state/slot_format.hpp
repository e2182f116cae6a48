// The bytes of one slot file (docs/formats/slots.md): pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace holdfast::state {

struct SlotRecord {
  std::uint64_t generation = 0;
  std::vector<std::uint8_t> content;
};

/// Magic, generation, length, and the SHA-256 of these and the content.
inline constexpr std::size_t kSlotHeaderBytes = 4 + 8 + 4 + 32;

/// @param generation from 1
std::vector<std::uint8_t> encode_slot(std::uint64_t generation,
                                      std::span<const std::uint8_t> content);

/// Empty if `file` is not whole. Bytes behind the content do not count: they are of a longer one
/// that stood there before, left by a power failure.
std::optional<SlotRecord> decode_slot(std::span<const std::uint8_t> file);

}  // namespace holdfast::state
