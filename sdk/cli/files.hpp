// Files as the sub-commands read and write them. A name of "-" is stdin or stdout.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

/// All of a file. @throws CommandError if it cannot be read or has more than `most` bytes.
std::vector<std::uint8_t> read_file(const std::string& name, std::size_t most);

inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Puts a file in place in one step, so that a reader sees the old one or the new one, also after a
/// loss of power. @throws CommandError
void write_file(const std::string& name, std::span<const std::uint8_t> bytes);

enum class Access { everybody_reads, owner_only };

/// Makes a file that must not be there yet. @throws CommandError; an existing file is left as it
/// is.
void write_new_file(const std::string& name, std::string_view text, Access access);

/// True also for what cannot be looked at.
bool exists(const std::string& name);

/// Makes a directory, and those above it, where they are missing. @throws CommandError
void make_directory(const std::string& name);

/// Columns of the terminal that stdout is; 0: it is none, or does not tell.
std::size_t terminal_width();

/// Writes all of it to stdout. @return false if the reader has gone.
bool print(std::string_view text);

}  // namespace holdfast::cli
