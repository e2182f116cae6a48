// The status of a device as bytes (schemas/holdfast/status.fbs): written by the device, read by
// `holdfast fleet`. Pure.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/status.hpp>

#include "pinning/pin.hpp"

namespace holdfast::presence {

inline constexpr std::size_t kPrefixBytes = 8;
/// The first bytes of a pin's digest.
using PinPrefix = std::array<std::uint8_t, kPrefixBytes>;

PinPrefix prefix_of(const pinning::Pin& pin);

/// Of a device that is not online, what stands before `sdk_version`.
struct StatusDocument {
  bool online = false;
  std::uint64_t written = 0;  ///< seconds since 1970, until 2106; 0: nobody knew
  std::vector<PinPrefix> pins;
  std::uint64_t pin_set_version = 0;

  std::uint32_t sdk_version = 0;  ///< major << 16 | minor << 8 | patch
  bool pin_set_proven = true;
  std::optional<pinning::Pin> vouching;
  std::vector<std::pair<PinPrefix, bool>> candidates;  ///< and whether each would have matched
  std::uint32_t boot = 0;
  std::uint64_t since = 0;  ///< as `written`
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::uint64_t connections = 0;  ///< up to 2^32 - 1, as the handshakes
  std::uint64_t full_handshakes = 0;
  std::uint64_t resumed_handshakes = 0;
  /// What those bytes were for, by the number of the `Cause`, in thousandths of their sum, rounded
  /// down. Empty: it was not told.
  std::optional<std::array<std::uint16_t, kCauses>> permille_by_cause;
  struct Budget {
    std::uint64_t used = 0;  ///< of the month, as `allowance`
    std::uint64_t allowance = 0;
    Admission admission = Admission::everything;

    bool operator==(const Budget&) const = default;
  };
  std::optional<Budget> budget;  ///< of a device that has one

  bool operator==(const StatusDocument&) const = default;
};

std::vector<std::byte> encode_status(const StatusDocument& status);

/// Empty, and `why` set, for bytes that are no status.
std::optional<StatusDocument> decode_status(std::span<const std::byte> bytes, std::string& why);

}  // namespace holdfast::presence
