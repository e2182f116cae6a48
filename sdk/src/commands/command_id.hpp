// What tells one command from another. Pure.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace holdfast::commands {

/// Of a topic and the id that the caller chose, which may be of any length: two back ends that both
/// count from 1 do not meet as long as they send different commands.
struct CommandId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  // clang-tidy 14 takes the 0 in what is generated for a pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  friend auto operator<=>(const CommandId&, const CommandId&) = default;
};

CommandId command_id(std::string_view topic, std::string_view id);

/// Tells a second copy of a request from another one with the same id.
std::uint64_t digest_of(std::span<const std::byte> request);

}  // namespace holdfast::commands
