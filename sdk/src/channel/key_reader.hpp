// The pin of a certificate's key, if our reader and wolfSSL's read the same key from it.

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "pinning/pin.hpp"

struct WOLFSSL_X509;

namespace holdfast::channel {

/// @param as_wolfssl_has_it the same certificate, as wolfSSL has parsed it.
/// @return empty where no key can be read, or the two disagree.
std::optional<pinning::Pin> read_pin(std::span<const std::uint8_t> certificate,
                                     WOLFSSL_X509* as_wolfssl_has_it);

/// The same; wolfSSL parses the certificate here.
std::optional<pinning::Pin> read_pin(std::span<const std::uint8_t> certificate);

}  // namespace holdfast::channel
