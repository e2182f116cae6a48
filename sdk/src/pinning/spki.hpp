// Finds the SubjectPublicKeyInfo in an X.509 certificate. Pure: bytes in, a view of them out.

#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace holdfast::pinning {

/// The DER of the SubjectPublicKeyInfo, header included (RFC 5280 section 4.1), as a view into
/// `certificate`. Strict: DER lengths in their shortest form only, one certificate and nothing
/// behind it, every field inside its parent. @return empty for anything else.
std::optional<std::span<const std::uint8_t>> find_spki(std::span<const std::uint8_t> certificate);

}  // namespace holdfast::pinning
