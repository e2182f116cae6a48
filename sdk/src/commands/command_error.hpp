// The answer to a command that has no reply: its document (schemas/holdfast/command_error.fbs), and
// what it means to a caller. Pure.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <holdfast/command.hpp>
#include <holdfast/error.hpp>

namespace holdfast::commands {

/// A text that is too long is cut where a character ends.
std::vector<std::byte> encode_error(const CommandError& error);

/// Empty for anything else, a reply for instance.
std::optional<CommandError> decode_error(std::span<const std::byte> payload);

/// What a caller is told.
Errc errc_of(CommandReason reason);

}  // namespace holdfast::commands
