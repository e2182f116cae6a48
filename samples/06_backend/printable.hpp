// Foreign text, fit for a terminal, a page and a file name. Pure.

#pragma once

#include <string>
#include <string_view>

namespace fleet {

/// For a terminal: control characters and what is no ASCII are spelt as \x1b.
std::string printable(std::string_view text);

/// For HTML, between tags and in quoted attributes; control characters are left out, and what is
/// longer than `limit` bytes is cut (never inside a character) and ends in "…".
std::string escaped(std::string_view text, std::size_t limit = 120);

/// As the name of a file: letters, digits, "-" and "_"; all else is spelt %2F. Never empty, ".",
/// "..", or longer than a file system takes.
std::string file_name(std::string_view text);

/// As a field of CSV (RFC 4180), that no spreadsheet takes for a formula.
std::string csv_field(std::string_view text);

}  // namespace fleet
