// Reads DER (X.690): one element after the other, each a view into its input. Pure.
//
// Strict, because two readers of one certificate must see the same thing: lengths in their shortest
// form only, every element inside its parent.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace holdfast::pinning::der {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kObjectIdentifier = 0x06;
inline constexpr std::uint8_t kSequence = 0x30;

struct Element {
  std::uint8_t tag = 0;
  Bytes whole;  ///< with its header
  Bytes content;
};

/// Takes one element off the front of `input`. @return empty, and `input` as it was, for anything
/// that is not one.
std::optional<Element> take(Bytes& input);

/// The same, and the element must have this tag.
std::optional<Element> take(Bytes& input, std::uint8_t tag);

}  // namespace holdfast::pinning::der
