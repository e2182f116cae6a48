#include "pinning/base64.hpp"

#include <cstddef>

namespace holdfast::pinning {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char character) {
  const auto at = kAlphabet.find(character);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string why_not_base64(std::string_view text) {
  if (text.find_first_of("-_") != std::string_view::npos) {
    return "this is the url-safe alphabet of base64; replace - by + and _ by /";
  }
  if (text.size() == kBase64Chars - 1 && text.find('=') == std::string_view::npos) {
    return "the padding character = at the end is missing";
  }
  if (text.size() != kBase64Chars || text.back() != '=') {
    return "32 bytes have 44 base64 characters, the last one =; this has " +
           std::to_string(text.size());
  }
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (value_of(text[i]) < 0) {
      return "character " + std::to_string(i + 1) + " after the prefix is not of base64";
    }
  }
  // 43 characters carry 258 bits; the last two must be zero, or two texts would mean one value.
  if ((value_of(text[kBase64Chars - 2]) & 0x3) != 0) {
    return "the last character before = is impossible";
  }
  return {};
}

}  // namespace

std::string encode_base64(const Bytes32& bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += kAlphabet[(bits >> count) & 0x3F];
    }
  }
  text += kAlphabet[(bits << (6 - count)) & 0x3F];
  return text += '=';
}

std::string decode_base64(std::string_view text, Bytes32& bytes) {
  if (auto why = why_not_base64(text); !why.empty()) return why;
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t at = 0;
  for (const char character : text.substr(0, kBase64Chars - 1)) {
    bits = (bits << 6) | static_cast<std::uint32_t>(value_of(character));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  return {};
}

}  // namespace holdfast::pinning
