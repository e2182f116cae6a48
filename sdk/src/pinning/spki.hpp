// Finds the SubjectPublicKeyInfo in an X.509 certificate or in a request for one. Pure: bytes in, a
// view of them out.

#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace holdfast::pinning {

/// The DER of the SubjectPublicKeyInfo, header included (RFC 5280 section 4.1), as a view into
/// `certificate`. Strict: DER lengths in their shortest form only, one certificate and nothing
/// behind it, every field inside its parent. @return empty for anything else.
std::optional<std::span<const std::uint8_t>> find_spki(std::span<const std::uint8_t> certificate);

/// The same for a PKCS#10 certification request (RFC 2986 section 4), as strictly. The request's
/// signature is not checked: a pin says nothing about who asked.
std::optional<std::span<const std::uint8_t>> find_spki_in_request(
    std::span<const std::uint8_t> request);

/// Whether these bytes are one SubjectPublicKeyInfo in DER and nothing behind it.
bool is_spki(std::span<const std::uint8_t> bytes);

}  // namespace holdfast::pinning
