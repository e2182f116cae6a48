// Base64 (RFC 4648 section 4) of exactly 32 bytes: a SHA-256 digest or an Ed25519 key. Pure.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::pinning {

/// How many characters 32 bytes have: 43 and the padding.
inline constexpr std::size_t kBase64Chars = 44;

using Bytes32 = std::array<std::uint8_t, 32>;

std::string encode_base64(const Bytes32& bytes);

/// @return why `text` is not the one way to write 32 bytes; empty, and `bytes` set, if it is.
std::string decode_base64(std::string_view text, Bytes32& bytes);

}  // namespace holdfast::pinning
