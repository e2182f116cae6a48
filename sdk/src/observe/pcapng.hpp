// Writes capture files (pcapng, IETF draft-ietf-opsawg-pcapng): the blocks that a trace needs, one
// section with one interface. Little-endian on every host. Pure.
//
// docs/formats/trace.md says what is in a trace of a device.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast::observe {

using Bytes = std::vector<std::byte>;

/// Which way something goes, seen from the device.
enum class Direction : std::uint8_t { up, down };

constexpr Direction opposite(Direction direction) {
  return direction == Direction::up ? Direction::down : Direction::up;
}

/// What is told of a packet besides its bytes.
struct PacketNotes {
  Direction direction = Direction::up;
  std::uint64_t dropped_before = 0;  ///< packets that are missing in front of this one
  std::string_view comment{};        ///< UTF-8, for a person; empty: none
};

/// What is told at the end of a trace. Times are nanoseconds since 1970.
struct TraceSums {
  std::uint64_t begun_ns = 0;
  std::uint64_t ended_ns = 0;
  std::uint64_t packets = 0;  ///< all, those that were dropped included
  std::uint64_t dropped = 0;
};

// Each appends one block to `out`.

/// Section Header Block. @param application what wrote the file, with its version
void append_section(Bytes& out, std::string_view application, std::string_view comment);
/// Interface Description Block: bare IP packets (LINKTYPE_RAW), times in nanoseconds.
void append_interface(Bytes& out, std::string_view name, std::string_view description);
/// Enhanced Packet Block, of interface 0.
void append_packet(Bytes& out, std::uint64_t time_ns, std::span<const std::byte> packet,
                   const PacketNotes& notes);
/// Interface Statistics Block, of interface 0.
void append_sums(Bytes& out, const TraceSums& sums);

}  // namespace holdfast::observe
