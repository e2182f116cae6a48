#include "printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace fleet {
namespace {

// A file system takes 255 bytes, and three of them are "…csv" and its dot.
constexpr std::size_t kLongestName = 200;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

std::string hex(const char* pattern, char c) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%02X",
                static_cast<unsigned>(static_cast<unsigned char>(c)));
  return pattern + std::string(text.data());
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += is_control(c) || static_cast<unsigned char>(c) > 0x7E || c == '\\' ? hex("\\x", c)
                                                                              : std::string(1, c);
  }
  return out;
}

std::string escaped(std::string_view text, std::size_t limit) {
  const bool cut = text.size() > limit;
  if (cut) {
    while (limit > 0 && is_continuation(text[limit])) --limit;
    text = text.substr(0, limit);
  }
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (!is_control(c)) out += c;
    }
  }
  return cut ? out + "…" : out;
}

std::string file_name(std::string_view text) {
  std::string out;
  for (const char c : text) out += is_plain(c) ? std::string(1, c) : hex("%", c);
  if (out.empty()) return "%";
  if (out.size() <= kLongestName) return out;
  // Long names that begin alike must not become one file.
  std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  std::array<char, 20> mark{};
  std::snprintf(mark.data(), mark.size(), "~%016llx", static_cast<unsigned long long>(hash));
  return out.substr(0, kLongestName - 17) + mark.data();
}

std::string csv_field(std::string_view text) {
  constexpr std::string_view kFormula = "=+-@\t\r";
  std::string out = "\"";
  if (!text.empty() && kFormula.find(text.front()) != kFormula.npos) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + '"';
}

}  // namespace fleet
