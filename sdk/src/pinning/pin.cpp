#include "pinning/pin.hpp"

#include <algorithm>

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

namespace holdfast::pinning {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kTextChars = 44;  // base64 of 32 bytes: 43 characters and one '='

constexpr std::string_view kHowToMakeOne =
    "write sha256/ and the 44 base64 characters that `openssl pkey -pubout -outform der | openssl "
    "dgst -sha256 -binary | base64` prints for the broker's key";

int value_of(char character) {
  const auto at = kAlphabet.find(character);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string why_not_base64(std::string_view text) {
  if (text.find_first_of("-_") != std::string_view::npos) {
    return "this is the url-safe alphabet of base64; replace - by + and _ by /";
  }
  if (text.size() == kTextChars - 1 && text.find('=') == std::string_view::npos) {
    return "the padding character = at the end is missing";
  }
  if (text.size() != kTextChars || text.back() != '=') {
    return "a SHA-256 digest has 44 base64 characters, the last one =; this has " +
           std::to_string(text.size());
  }
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (value_of(text[i]) < 0) {
      return "character " + std::to_string(i + 1) + " after the prefix is not of base64";
    }
  }
  // 43 characters carry 258 bits; the last two must be zero, or two texts would mean one digest.
  if ((value_of(text[kTextChars - 2]) & 0x3) != 0)
    return "the last character before = is impossible";
  return {};
}

}  // namespace

std::string Pin::text() const {
  std::string text = "sha256/";
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : digest) {
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

std::optional<Pin> parse_pin(std::string_view text, std::string& reason) {
  if (text.empty()) {
    reason = "the pin is empty";
    return std::nullopt;
  }
  if (text.find_first_of(" \t\r\n") != std::string_view::npos) {
    reason = "there is white space in it";
    return std::nullopt;
  }
  if (text.starts_with("sha1/")) {
    reason = "SHA-1 is not accepted";
    return std::nullopt;
  }
  if (!text.starts_with("sha256/")) {
    reason = "it does not begin with sha256/";
    return std::nullopt;
  }
  text.remove_prefix(std::string_view("sha256/").size());
  if (text.starts_with('/')) {
    // A digest may begin with '/', too: the length tells the two apart.
    if (text.size() == kTextChars + 1) text.remove_prefix(1);
  }
  reason = why_not_base64(text);
  if (!reason.empty()) return std::nullopt;

  Pin pin;
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t at = 0;
  for (const char character : text.substr(0, kTextChars - 1)) {
    bits = (bits << 6) | static_cast<std::uint32_t>(value_of(character));
    count += 6;
    if (count >= 8) {
      count -= 8;
      pin.digest[at++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  return pin;
}

PinSet::PinSet(const std::vector<std::string>& texts, PinCount count) {
  if (texts.empty()) {
    throw ConfigError("pins", "",
                      "without a pin no broker can be trusted; " + std::string(kHowToMakeOne));
  }
  if (texts.size() > limits::kMaxPins) {
    throw ConfigError("pins", std::to_string(texts.size()) + " pins",
                      "at most " + std::to_string(limits::kMaxPins) + " are taken");
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string field = "pins[" + std::to_string(i) + "]";
    std::string reason;
    const auto pin = parse_pin(texts[i], reason);
    if (!pin) throw ConfigError(field, texts[i], reason + "; " + std::string(kHowToMakeOne));
    if (std::find(pins_.begin(), pins_.end(), *pin) != pins_.end()) {
      throw ConfigError(
          field, texts[i],
          "this pin is in the set already; the second one must be that of a backup key");
    }
    pins_.push_back(*pin);
  }
  if (pins_.size() < 2 && count == PinCount::at_least_two) {
    throw ConfigError(
        "pins", texts.front(),
        "one pin alone locks the device out for good when that key is lost; add the pin "
        "of a backup key, or set pin_count to PinCount::one_is_enough");
  }
}

}  // namespace holdfast::pinning
