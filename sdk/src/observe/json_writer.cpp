#include "observe/json_writer.hpp"

#include <array>

#include "base/hex.hpp"

namespace holdfast::observe {
namespace {

constexpr char32_t kNone = 0xFFFD;

struct Character {
  char32_t code = kNone;
  std::size_t bytes = 1;
};

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// The character at the front (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
Character first_of(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {};
  char32_t code = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return {};
    code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const char32_t least = bytes == 4 ? 0x10000 : bytes == 3 ? 0x800 : 0x80;
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, bytes};
}

// RFC 8259 section 7: \uXXXX.
void append_escape(std::string& to, char32_t unit) {
  const std::array bytes{static_cast<char>(unit >> 8U), static_cast<char>(unit & 0xFFU)};
  to += "\\u" + to_hex({bytes.data(), bytes.size()});
}

}  // namespace

void JsonWriter::quote(std::string_view text) {
  text_ += '"';
  while (!text.empty()) {
    const Character next = first_of(text);
    text.remove_prefix(next.bytes);
    if (next.code == '"' || next.code == '\\') {
      text_ += '\\';
      text_ += static_cast<char>(next.code);
    } else if (next.code >= 0x20 && next.code < 0x7F) {
      text_ += static_cast<char>(next.code);
    } else if (next.code < 0x10000) {
      append_escape(text_, next.code);
    } else {  // RFC 8259 section 7: two units of UTF-16
      append_escape(text_, 0xD800 + ((next.code - 0x10000) >> 10U));
      append_escape(text_, 0xDC00 + ((next.code - 0x10000) & 0x3FFU));
    }
  }
  text_ += '"';
}

void JsonWriter::separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

JsonWriter& JsonWriter::put(std::string_view token) {
  separate();
  text_ += token;
  return *this;
}

}  // namespace holdfast::observe
