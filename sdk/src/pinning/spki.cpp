#include "pinning/spki.hpp"

#include <cstddef>

namespace holdfast::pinning {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kVersionTag = 0xA0;  // [0] EXPLICIT Version

struct Element {
  std::uint8_t tag = 0;
  Bytes whole;  // with its header
  Bytes content;
};

// Takes one element off the front of `input`.
std::optional<Element> take(Bytes& input) {
  if (input.size() < 2) return std::nullopt;
  const std::uint8_t tag = input[0];
  if ((tag & 0x1F) == 0x1F) return std::nullopt;  // multi-byte tags do not occur in a certificate
  std::size_t header = 2;
  std::size_t length = input[1];
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7F;
    if (octets == 0 || octets > 3 || input.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = (length << 8) | input[2 + i];
    const bool shortest = length >= 0x80 && (octets == 1 || (length >> (8 * (octets - 1))) != 0);
    if (!shortest) return std::nullopt;
    header += octets;
  }
  if (input.size() - header < length) return std::nullopt;
  Element element{tag, input.first(header + length), input.subspan(header, length)};
  input = input.subspan(header + length);
  return element;
}

std::optional<Element> take(Bytes& input, std::uint8_t tag) {
  auto element = take(input);
  if (!element || element->tag != tag) return std::nullopt;
  return element;
}

}  // namespace

std::optional<Bytes> find_spki(Bytes certificate) {
  Bytes rest = certificate;
  const auto outer = take(rest, kSequence);
  if (!outer || !rest.empty()) return std::nullopt;

  Bytes fields = outer->content;
  const auto tbs = take(fields, kSequence);
  if (!tbs) return std::nullopt;

  Bytes body = tbs->content;
  if (!body.empty() && body[0] == kVersionTag && !take(body, kVersionTag)) return std::nullopt;
  if (!take(body, kInteger)) return std::nullopt;  // serialNumber
  for (int i = 0; i < 4; ++i) {                    // signature, issuer, validity, subject
    if (!take(body, kSequence)) return std::nullopt;
  }
  const auto spki = take(body, kSequence);
  if (!spki) return std::nullopt;

  // Algorithm identifier and bit string, and nothing else: a key hidden behind them is no key.
  Bytes inside = spki->content;
  if (!take(inside, kSequence) || !take(inside, 0x03) || !inside.empty()) return std::nullopt;
  return spki->whole;
}

}  // namespace holdfast::pinning
