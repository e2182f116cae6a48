// Writes signed pin sets: what the operator's tools need, and devices do not. Pure: signing is
// somebody else's.

#pragma once

#include <cstdint>
#include <vector>

#include "pinning/document.hpp"

namespace holdfast::pinning {

/// The bytes that a signature is made over, but for the label.
std::vector<std::uint8_t> encode_pins(const PinList& list);
std::vector<std::uint8_t> encode_roots(const Roots& roots);

/// The whole document: `content` and the signatures as they are.
std::vector<std::uint8_t> encode_document(const Document& document);

}  // namespace holdfast::pinning
