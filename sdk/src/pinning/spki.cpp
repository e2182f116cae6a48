#include "pinning/spki.hpp"

#include "pinning/der.hpp"

namespace holdfast::pinning {
namespace {

using der::Bytes;
using der::kBitString;
using der::kInteger;
using der::kSequence;
using der::take;

constexpr std::uint8_t kVersionTag = 0xA0;     // [0] EXPLICIT Version
constexpr std::uint8_t kAttributesTag = 0xA0;  // [0] IMPLICIT Attributes

// Algorithm identifier and bit string, and nothing else: a key hidden behind them is no key.
std::optional<Bytes> take_spki(Bytes& input) {
  const auto spki = take(input, kSequence);
  if (!spki) return std::nullopt;
  Bytes inside = spki->content;
  if (!take(inside, kSequence) || !take(inside, kBitString) || !inside.empty()) return std::nullopt;
  return spki->whole;
}

// A sequence that is all of the input. @return what is in it
std::optional<Bytes> open_sequence(Bytes input) {
  const auto outer = take(input, kSequence);
  if (!outer || !input.empty()) return std::nullopt;
  return outer->content;
}

}  // namespace

std::optional<Bytes> find_spki(Bytes certificate) {
  auto fields = open_sequence(certificate);
  if (!fields) return std::nullopt;
  const auto tbs = take(*fields, kSequence);
  if (!tbs) return std::nullopt;

  Bytes body = tbs->content;
  if (!body.empty() && body[0] == kVersionTag && !take(body, kVersionTag)) return std::nullopt;
  if (!take(body, kInteger)) return std::nullopt;  // serialNumber
  for (int i = 0; i < 4; ++i) {                    // signature, issuer, validity, subject
    if (!take(body, kSequence)) return std::nullopt;
  }
  return take_spki(body);
}

std::optional<Bytes> find_spki_in_request(Bytes request) {
  auto fields = open_sequence(request);
  if (!fields) return std::nullopt;
  const auto info = take(*fields, kSequence);
  if (!info || !take(*fields, kSequence) || !take(*fields, kBitString) || !fields->empty()) {
    return std::nullopt;  // signature algorithm and signature, and nothing behind them
  }

  Bytes body = info->content;
  const auto version = take(body, kInteger);
  if (!version || version->content.size() != 1 || version->content[0] != 0) return std::nullopt;
  if (!take(body, kSequence)) return std::nullopt;  // subject
  const auto spki = take_spki(body);
  // The attributes are required, but some writers leave them out when there are none.
  if (!body.empty() && !take(body, kAttributesTag)) return std::nullopt;
  if (!body.empty()) return std::nullopt;
  return spki;
}

bool is_spki(Bytes bytes) {
  return take_spki(bytes).has_value() && bytes.empty();
}

}  // namespace holdfast::pinning
