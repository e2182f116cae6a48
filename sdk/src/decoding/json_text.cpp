#include "decoding/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace holdfast::decoding {
namespace {

constexpr std::int64_t kExact = std::int64_t{1} << 53;
constexpr std::uint32_t kReplacement = 0xFFFD;

template <class T>
std::string real_digits(T value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

void append_escape(std::string& text, std::uint32_t unit) {
  std::array<char, 16> escape{};
  std::snprintf(escape.data(), escape.size(), "\\u%04x", unit);
  text += escape.data();
}

void append_code_point(std::string& text, std::uint32_t point) {
  if (point <= 0xFFFF) return append_escape(text, point);
  point -= 0x10000;
  append_escape(text, 0xD800 + (point >> 10U));
  append_escape(text, 0xDC00 + (point & 0x3FFU));
}

// The character at the front, whose length is known.
std::uint32_t code_point(std::string_view text, std::size_t length) {
  constexpr std::array<std::uint32_t, 5> kMasks{0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t point = static_cast<unsigned char>(text[0]) & kMasks[length];
  for (std::size_t n = 1; n < length; ++n) {
    point = (point << 6U) | (static_cast<unsigned char>(text[n]) & 0x3FU);
  }
  return point;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t n = 1; n < length; ++n) {
    if ((static_cast<unsigned char>(text[n]) & 0xC0U) != 0x80U) return 0;
  }
  // Too long a form, a surrogate, or beyond Unicode.
  const std::uint32_t point = code_point(text, length);
  const bool wrong = (length == 3 && (point < 0x800 || (point >= 0xD800 && point <= 0xDFFF))) ||
                     (length == 4 && (point < 0x10000 || point > 0x10FFFF));
  return wrong ? 0 : length;
}

std::string base64_of(std::span<const std::byte> bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t group = 0;
    for (std::size_t n = 0; n < 3; ++n) {
      group = (group << 8U) | (n < bytes.size() ? std::to_integer<std::uint32_t>(bytes[n]) : 0U);
    }
    for (std::size_t n = 0; n < 4; ++n) {
      text += n <= bytes.size() ? kAlphabet[(group >> (18U - 6U * n)) & 0x3FU] : '=';
    }
  }
  return text;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::uint32_t point = length == 0 ? kReplacement : code_point(text, length);
    text.remove_prefix(length == 0 ? 1 : length);
    if (point == '"' || point == '\\') {
      out += '\\';
      out += static_cast<char>(point);
    } else if (point == '\n') {
      out += "\\n";
    } else if (point == '\r') {
      out += "\\r";
    } else if (point == '\t') {
      out += "\\t";
    } else if (point < 0x20 || point >= 0x7F) {
      append_code_point(out, point);
    } else {
      out += static_cast<char>(point);
    }
  }
  return out += '"';
}

std::string json_integer(std::int64_t value) {
  const std::string digits = std::to_string(value);
  return value > kExact || value < -kExact ? '"' + digits + '"' : digits;
}

std::string json_natural(std::uint64_t value) {
  const std::string digits = std::to_string(value);
  return value > static_cast<std::uint64_t>(kExact) ? '"' + digits + '"' : digits;
}

std::string digits_of(double value) {
  return real_digits(value);
}
std::string digits_of(float value) {
  return real_digits(value);
}

void JsonText::separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

void JsonText::key(std::string_view name) {
  separate();
  text_.append("\"").append(name).append("\":");
  first_ = true;  // the value stands right behind it
}

void JsonText::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
}

void JsonText::close(char bracket) {
  text_ += bracket;
  first_ = false;
}

void JsonText::put(std::string_view value) {
  separate();
  text_ += value;
}

void JsonText::put_real(const std::string& digits) {
  const bool is_number = digits.back() >= '0' && digits.back() <= '9';
  put(is_number ? digits : '"' + digits + '"');
}

void JsonText::text(std::string_view value) {
  put(json_string(value));
}

void JsonText::bytes(std::span<const std::byte> value) {
  separate();
  text_.append("\"").append(base64_of(value)).append("\"");
}

}  // namespace holdfast::decoding
