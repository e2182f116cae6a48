// Public keys in their DER SubjectPublicKeyInfo form, by wolfCrypt: what kind one is, and the one
// that belongs to a private key. Threads: any.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/ed25519.hpp"

namespace holdfast::crypto {

/// "RSA-2048", "P-256", "P-384", "Ed25519" and so on; empty for a key that wolfCrypt cannot read.
std::string kind_of_key(Bytes spki);

/// The SubjectPublicKeyInfo of a private key in PKCS#8, SEC 1 (EC) or PKCS#1 (RSA), not encrypted;
/// the bytes that a certificate for this key carries. @return empty and `why` set for anything
/// else, and for a key whose two halves do not belong together.
std::optional<std::vector<std::uint8_t>> public_key_of(Bytes private_key, std::string& why);

}  // namespace holdfast::crypto
