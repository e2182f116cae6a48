// Makes a key and the certificate that it signs for itself, by wolfCrypt. Threads: any.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/ed25519.hpp"

namespace holdfast::crypto {

struct CertifiedKey {
  std::vector<std::uint8_t> pkcs8;  ///< to be kept secret
  std::vector<std::uint8_t> certificate;
};

/// A P-256 key with a self-signed X.509 certificate: the cheapest one to serve to a device that
/// pins its key. @param names host names and IP addresses, at least one; the first is the common
/// name, too.
/// @throws std::invalid_argument for a name that is none; std::runtime_error if wolfCrypt fails.
CertifiedKey make_p256_key(const std::vector<std::string>& names, int days);

}  // namespace holdfast::crypto
