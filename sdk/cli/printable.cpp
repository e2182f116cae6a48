#include "printable.hpp"
#include "base/hex.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <utility>
#include <vector>

#include "base/hex.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

constexpr std::string_view kDots = "...";

std::string hexadecimal(const char* prefix, unsigned int number, int digits) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%s%0*x", prefix, digits, number);
  return text.data();
}

// Of valid UTF-8.
std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t point = first & (0x7FU >> character.size());
  for (const char next : character.substr(1)) {
    point = (point << 6U) | (static_cast<unsigned char>(next) & 0x3FU);
  }
  return point;
}

// Controls; zero width and direction marks, isolates and overrides (Unicode 15, category Cf, as far
// as they hide or reorder what stands around them); line separators; private use and noncharacters.
bool is_seen(std::uint32_t point) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 14> kUnseen{{{0x00, 0x1F},
                                                                             {0x7F, 0x9F},
                                                                             {0xAD, 0xAD},
                                                                             {0x61C, 0x61C},
                                                                             {0x180B, 0x180F},
                                                                             {0x200B, 0x200F},
                                                                             {0x2028, 0x202E},
                                                                             {0x2060, 0x206F},
                                                                             {0xE000, 0xF8FF},
                                                                             {0xFE00, 0xFE0F},
                                                                             {0xFEFF, 0xFEFF},
                                                                             {0xFFF0, 0xFFFB},
                                                                             {0xFFFE, 0xFFFF},
                                                                             {0xE0000, 0x10FFFF}}};
  return std::none_of(kUnseen.begin(), kUnseen.end(), [point](const auto& range) {
    return point >= range.first && point <= range.second;
  });
}

// What stands for the first character, or for a byte that belongs to none; it is taken off `bytes`.
std::string take_unit(std::string_view& bytes) {
  const std::size_t size = first_character(bytes);
  if (size == 0) {
    const auto byte = static_cast<unsigned char>(bytes[0]);
    bytes.remove_prefix(1);
    return hexadecimal("\\x", byte, 2);
  }
  const std::string_view character = bytes.substr(0, size);
  bytes.remove_prefix(size);
  const std::uint32_t point = code_point(character);
  if (point == '\n') return "\\n";
  if (point == '\r') return "\\r";
  if (point == '\t') return "\\t";
  if (point == '\\') return "\\\\";
  if (is_seen(point)) return std::string(character);
  if (point < 0x80) return hexadecimal("\\x", point, 2);
  return point <= 0xFFFF ? hexadecimal("\\u", point, 4) : hexadecimal("\\U", point, 8);
}

bool is_escape(const std::string& unit) {
  return unit.size() > 1 && unit[0] == '\\';
}

// A text has here and there a control character; binary data is full of them.
bool looks_like_text(std::string_view bytes) {
  std::size_t units = 0;
  std::size_t escapes = 0;
  for (; !bytes.empty(); ++units) {
    if (first_character(bytes) == 0) return false;
    const std::string unit = take_unit(bytes);
    if (is_escape(unit) && (unit[1] == 'x' || unit[1] == 'u' || unit[1] == 'U')) ++escapes;
  }
  return 4 * escapes <= units;
}

// Without a last character that only a limit has cut in two.
std::string_view without_torn_end(std::string_view bytes) {
  for (std::size_t n = 1; n <= std::min<std::size_t>(3, bytes.size()); ++n) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - n]);
    if ((byte & 0xC0U) == 0x80U) continue;  // not the first byte of its character
    if (byte >= 0x80 && first_character(bytes.substr(bytes.size() - n)) == 0) {
      bytes.remove_suffix(n);
    }
    break;
  }
  return bytes;
}

}  // namespace

std::string printable(std::string_view bytes, std::size_t most) {
  std::vector<std::string> units;
  std::size_t columns = 0;
  while (!bytes.empty()) {
    units.push_back(take_unit(bytes));
    columns += columns_of(units.back());
  }
  const auto join = [](std::string text, const std::string& unit) { return text += unit; };
  if (columns <= most) return std::accumulate(units.begin(), units.end(), std::string(), join);
  const std::size_t room = most - kDots.size();
  auto head = units.begin();
  for (std::size_t used = columns_of(*head); used <= room / 2; used += columns_of(*head)) ++head;
  auto tail = units.end();
  for (std::size_t used = columns_of(tail[-1]); used <= room - room / 2;
       used += columns_of(tail[-1])) {
    --tail;
  }
  return std::accumulate(
      tail, units.end(),
      std::accumulate(units.begin(), head, std::string(), join) + std::string(kDots), join);
}

std::string preview(std::string_view bytes, std::size_t most) {
  if (bytes.empty()) return "(empty)";
  // No character has more than four bytes: there is one more than columns, or all.
  std::string_view begin = bytes.substr(0, 4 * most + 4);
  if (begin.size() < bytes.size()) begin = without_torn_end(begin);
  std::string text;
  if (looks_like_text(begin)) {
    while (!begin.empty() && columns_of(text) <= most) text += take_unit(begin);
    return cut(text, most);
  }
  text = "hex";
  for (; !begin.empty() && columns_of(text) <= most;
       begin.remove_prefix(std::min<std::size_t>(4, begin.size()))) {
    text += " " + to_hex(begin.substr(0, 4));
  }
  return cut(text, most);
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char character) {
    return (static_cast<unsigned char>(character) & 0xC0U) != 0x80U;
  }));
}

std::string cut(std::string_view text, std::size_t most) {
  if (columns_of(text) <= most) return std::string(text);
  std::size_t columns = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = std::max<std::size_t>(first_character(text.substr(at)), 1);
    if (++columns + kDots.size() > most) break;
    at += size;
  }
  return std::string(text.substr(0, at)) + std::string(kDots);
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  while (amount >= 1023.95 && unit + 1 < kUnits.size()) {  // or "1024.0 KiB" would be printed
    amount /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

std::string format_duration(std::chrono::milliseconds duration) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> kUnits{
      {{86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1'000, " s"}}};
  std::int64_t left = duration.count();
  for (std::size_t n = 0; n < kUnits.size(); ++n) {
    const auto& [size, name] = kUnits[n];
    if (left < size) continue;
    std::string text = std::to_string(left / size) + name;
    left %= size;
    if (n + 1 < kUnits.size() && left >= kUnits[n + 1].first) {
      text += " " + std::to_string(left / kUnits[n + 1].first) + kUnits[n + 1].second;
    }
    return text;
  }
  return std::to_string(left) + " ms";
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

}  // namespace holdfast::cli
