// Foreign bytes, sizes and durations as a person reads them on a terminal.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::cli {

/// Nothing in it steers a terminal: control characters, characters that are not seen or turn the
/// direction of writing, and what is not UTF-8 are written as escapes (\n, \x1b, \u202e), a
/// backslash as two. @param most columns; of a longer text the middle is left out
std::string printable(std::string_view bytes, std::size_t most = SIZE_MAX);

/// The beginning of a payload: as above if it looks like text, else in hexadecimal.
/// @param most columns, at least 8
std::string preview(std::string_view bytes, std::size_t most);

/// Columns of a printable text; each character counts as one.
std::size_t columns_of(std::string_view text);
/// Its first columns. @param most if it has more, it ends with three dots
std::string cut(std::string_view text, std::size_t most);

/// "930 B", "98.3 KiB".
std::string format_bytes(std::uint64_t bytes);

/// "250 ms", "45 s", "3 h 12 min": the two largest units.
std::string format_duration(std::chrono::milliseconds duration);

/// "1 message", "2 messages".
std::string counted(std::uint64_t count, std::string_view thing);

}  // namespace holdfast::cli
