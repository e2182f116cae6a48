// What is remembered of a command, as bytes (docs/formats/commands.md). Pure.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "commands/memory.hpp"

namespace holdfast::commands {

std::vector<std::uint8_t> encode_record(const Remembered& one);
/// @return empty and `why` set for bytes that are no such record.
std::optional<Remembered> decode_record(std::span<const std::uint8_t> bytes, std::string& why);

}  // namespace holdfast::commands
