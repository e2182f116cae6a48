// Signed pin sets, made with real Ed25519 keys as an operator makes them. The one part of the test
// support that uses the SDK: its writer is what the tools use, and devices do not.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "crypto/signing_key.hpp"
#include "pinning/document.hpp"

namespace holdfast::test {

// What a set shall say; pins are "sha256/<base64>".
struct PinSetText {
  std::uint64_t version = 1;
  std::vector<std::string> pins;
  std::vector<std::string> revoked{};
  std::vector<std::string> candidates{};
  std::uint64_t issued = 0;   // Seconds since 1970.
  std::uint64_t expires = 0;  // The same; 0 is never.
  std::chrono::seconds spread{3600};
};

// RootSigner is an operator with root keys: `threshold` of `keys` must sign. All
// throw std::runtime_error for what cannot be signed.
class RootSigner {
 public:
  explicit RootSigner(std::size_t keys = 1, unsigned threshold = 1);

  // Of the newest generation of root keys.
  std::vector<std::string> texts() const;
  unsigned threshold() const { return newest().roots.threshold; }
  std::uint32_t version() const { return newest().roots.version; }
  // What a device is built with that knows the newest generation.
  PinUpdates updates() const;

  // New root keys in place of all present ones, signed by the old and by the new:
  // each later set carries the change.
  void change_roots(std::size_t keys, unsigned threshold);

  // The bytes of the set, signed by the first `threshold` keys.
  std::vector<std::byte> set(const PinSetText& text) const;
  // The same, signed by these of the newest keys, whether that is enough or not.
  // A number may occur twice.
  std::vector<std::byte> set(const PinSetText& text, const std::vector<std::size_t>& signers) const;
  // Before it is encoded: to be spoilt by the test.
  pinning::Document document(const PinSetText& text, const std::vector<std::size_t>& signers) const;

 private:
  struct Generation {
    pinning::Roots roots;
    std::vector<crypto::SigningKey> keys;
  };

  static Generation make(std::uint32_t version, std::size_t keys, unsigned threshold);
  const Generation& newest() const { return generations_.back(); }

  std::vector<Generation> generations_;
  std::vector<pinning::SignedRoots> changes_;
};

// A document as offer_pin_set and a file take it.
std::vector<std::byte> bytes_of(const pinning::Document& document);

}  // namespace holdfast::test
