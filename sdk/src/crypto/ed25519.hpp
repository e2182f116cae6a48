// Ed25519 signatures (RFC 8032) and SHA-256, by wolfCrypt. Threads: any.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;
using Digest = std::array<std::uint8_t, 32>;
using Bytes = std::span<const std::uint8_t>;

/// Whether `signature` was made over `message` by the owner of `key`. False for a key or a
/// signature that is none.
bool verify_ed25519(const PublicKey& key, Bytes message, const Signature& signature);

/// @throws std::runtime_error if wolfCrypt cannot hash.
Digest sha256(Bytes data);

}  // namespace holdfast::crypto
