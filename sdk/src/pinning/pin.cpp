#include "pinning/pin.hpp"

#include <algorithm>

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

#include "pinning/base64.hpp"

namespace holdfast::pinning {
namespace {

constexpr std::string_view kHowToMakeOne =
    "write sha256/ and the 44 base64 characters that `openssl pkey -pubout -outform der | openssl "
    "dgst -sha256 -binary | base64` prints for the broker's key";

}  // namespace

std::string Pin::text() const {
  return "sha256/" + encode_base64(digest);
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
    if (text.size() == kBase64Chars + 1) text.remove_prefix(1);
  }
  Pin pin;
  reason = decode_base64(text, pin.digest);
  if (!reason.empty()) return std::nullopt;
  return pin;
}

PinSet::PinSet(const std::vector<std::string>& texts, PinCount count, const std::string& field) {
  if (texts.empty()) {
    throw ConfigError(field, "",
                      "without a pin no broker can be trusted; " + std::string(kHowToMakeOne));
  }
  if (texts.size() > limits::kMaxPins) {
    throw ConfigError(field, std::to_string(texts.size()) + " pins",
                      "at most " + std::to_string(limits::kMaxPins) + " are taken");
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string one = field + "[" + std::to_string(i) + "]";
    std::string reason;
    const auto pin = parse_pin(texts[i], reason);
    if (!pin) throw ConfigError(one, texts[i], reason + "; " + std::string(kHowToMakeOne));
    if (std::find(pins_.begin(), pins_.end(), *pin) != pins_.end()) {
      throw ConfigError(
          one, texts[i],
          "this pin is in the set already; the second one must be that of a backup key");
    }
    pins_.push_back(*pin);
  }
  if (pins_.size() < 2 && count == PinCount::at_least_two) {
    throw ConfigError(
        field, texts.front(),
        "one pin alone locks the device out for good when that key is lost; add the pin "
        "of a backup key, or set pin_count to PinCount::one_is_enough");
  }
}

}  // namespace holdfast::pinning
