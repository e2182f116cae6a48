// What is kept of a state document (docs/formats/kept_state.md). Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::twin {

struct KeptState {
  std::string topic;
  std::uint64_t desired_version = 0;  ///< 0: there is none
  std::vector<std::byte> desired;
  std::uint64_t reported_version = 0;  ///< 0: there is none
  std::vector<std::byte> reported;
  bool acknowledged = false;  ///< of the report
  bool in_use = false;        ///< by a process that runs, or that ended without a word

  bool operator==(const KeptState&) const = default;
};

std::vector<std::uint8_t> encode_kept(const KeptState& state);

/// Empty, and `why` set, for bytes that are none.
std::optional<KeptState> decode_kept(std::span<const std::uint8_t> bytes, std::string& why);

}  // namespace holdfast::twin
