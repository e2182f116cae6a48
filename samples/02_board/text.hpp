// Reading the small text files in which Linux tells about itself. Nothing here throws for what a
// file holds: a board has what it has, and a reading goes out without the rest.

#pragma once

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace board {

/// The content of a file, 64 KiB of it at most. @return nothing if it cannot be read.
std::optional<std::string> read_text(const std::filesystem::path& file);

/// Takes the first line off `text`, without its end.
std::string_view take_line(std::string_view& text);

/// Takes the first word off `text`; words are apart by blanks, tabs and line ends. Empty at the
/// end.
std::string_view take_word(std::string_view& text);

/// The number that the word is as a whole. @return nothing for any other word.
template <class Number>
std::optional<Number> to_number(std::string_view word) {
  Number number{};
  const char* const last = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), last, number);
  if (error != std::errc() || end != last) return std::nullopt;
  return number;
}

}  // namespace board
