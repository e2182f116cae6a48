// Makes signed pin sets for tests of the logic. A signature here is a keyed checksum, not Ed25519:
// the real thing is in tests/unit/crypto and tests/integration.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pinning/document_writer.hpp"

namespace holdfast::pinning::test_sets {

inline RootKey root_key(std::uint8_t number) {
  RootKey key;
  key.bytes.fill(number);
  return key;
}

inline Pin pin(std::uint8_t number) {
  Pin result;
  result.digest.fill(number);
  return result;
}

inline RootSignature sign(const RootKey& key, std::string_view label, Bytes content) {
  RootSignature signature{key};
  std::uint64_t hash = 1469598103934665603U;  // FNV-1a
  const auto mix = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 1099511628211U; };
  for (const std::uint8_t byte : key.bytes) mix(byte);
  for (const std::uint8_t byte : to_be_signed(label, content)) mix(byte);
  for (std::size_t i = 0; i < signature.value.size(); ++i) {
    mix(static_cast<std::uint8_t>(i));
    signature.value[i] = static_cast<std::uint8_t>(hash >> 32);
  }
  return signature;
}

inline bool check(const RootKey& key, Bytes message, const RootSignature& signature) {
  return sign(key, "", message).value == signature.value;
}

inline Roots roots(std::uint32_t version, unsigned threshold, std::vector<std::uint8_t> keys) {
  Roots result{.version = version, .threshold = threshold};
  for (const std::uint8_t key : keys) result.keys.push_back(root_key(key));
  return result;
}

inline SignedRoots signed_roots(const Roots& content, const std::vector<std::uint8_t>& signers) {
  SignedRoots change{content, encode_roots(content), {}};
  for (const std::uint8_t signer : signers) {
    change.signatures.push_back(sign(root_key(signer), kRootsLabel, change.content));
  }
  return change;
}

inline Document document(const PinList& list, const std::vector<std::uint8_t>& signers,
                         std::vector<SignedRoots> changes = {}) {
  Document result{list, encode_pins(list), {}, std::move(changes)};
  for (const std::uint8_t signer : signers) {
    result.signatures.push_back(sign(root_key(signer), kPinsLabel, result.content));
  }
  return result;
}

inline PinList list(std::uint64_t version, std::vector<std::uint8_t> pins,
                    std::vector<std::uint8_t> revoked = {}) {
  PinList result{.version = version};
  for (const std::uint8_t number : pins) result.pins.push_back(pin(number));
  for (const std::uint8_t number : revoked) result.revoked.push_back(pin(number));
  return result;
}

}  // namespace holdfast::pinning::test_sets
