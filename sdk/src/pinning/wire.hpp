// Between the FlatBuffers of schemas/holdfast and the types of this room; every count and duplicate
// is checked on the way in. Pure.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pin_set_generated.h"
#include "pinning/document.hpp"

namespace holdfast::pinning {

template <class T>
bool has_duplicate(std::vector<T> items) {
  std::sort(items.begin(), items.end());
  return std::adjacent_find(items.begin(), items.end()) != items.end();
}

using WirePins = flatbuffers::Vector<const wire::Digest*>;
using WireSignatures = flatbuffers::Vector<const wire::Signature*>;

/// A finished buffer inside another may lie at an odd place: it is copied to an aligned one.
std::vector<std::uint8_t> copy_bytes(const flatbuffers::Vector<std::uint8_t>* bytes);

/// @return false if there are more than `most`, or one twice. None at all is fine.
bool take_pins(const WirePins* from, std::size_t most, std::vector<Pin>& to);
bool take_signatures(const WireSignatures* from, std::vector<RootSignature>& to);

/// A finished `Pins` or `Roots`. @return why it is none; empty if it is.
std::string read_pins(Bytes content, PinList& list);
std::string read_roots(Bytes content, Roots& roots);

std::vector<wire::Digest> to_wire(const std::vector<Pin>& pins);
std::vector<wire::RootKey> to_wire(const std::vector<RootKey>& keys);
std::vector<wire::Signature> to_wire(const std::vector<RootSignature>& signatures);

}  // namespace holdfast::pinning
