#include "pinning/der.hpp"

namespace holdfast::pinning::der {

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
  Bytes rest = input;
  auto element = take(rest);
  if (!element || element->tag != tag) return std::nullopt;
  input = rest;
  return element;
}

}  // namespace holdfast::pinning::der
