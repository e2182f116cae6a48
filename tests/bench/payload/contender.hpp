// What the benchmark of payloads compares: ways to write and read the same readings. Each carries
// what a stream needs as well: an epoch and a sequence number.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::bench {

/// One reading of the track (tests/data/drive/README.md has the units); 24 bytes.
struct Reading {
  std::int64_t time = 0;
  std::int32_t lat = 0;
  std::int32_t lon = 0;
  std::uint16_t speed = 0;
  std::uint16_t heading = 0;
  std::uint16_t fuel = 0;

  friend bool operator==(const Reading&, const Reading&) = default;
};

struct Contender {
  std::string name;
  /// @param out emptied first
  std::function<void(std::span<const Reading>, std::vector<std::byte>& out)> encode;
  /// Reads bytes that nobody vouches for, and adds to `out`. @return false if they are damaged
  std::function<bool(std::span<const std::byte>, std::vector<Reading>& out)> decode;
};

inline constexpr std::uint64_t kEpoch = 0x8F3A'61C2'D94B'077E;
inline constexpr std::uint32_t kSequence = 1'234;

Contender json();
Contender cbor();
Contender table_each();
Contender structs();
Contender series();
/// The way of a device: each reading a body of its own, merged and sealed when it is sent.
Contender series_through_outbox();
/// Empty where the benchmark was built without Protobuf.
std::vector<Contender> protobuf();

}  // namespace holdfast::bench
