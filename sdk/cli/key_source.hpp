// Public keys from files, with their pins.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pinning/pin.hpp"

namespace holdfast::cli {

struct SeenKey {
  pinning::Pin pin;
  std::string kind;  ///< "P-256" and so on; empty for one that Holdfast cannot verify
};

SeenKey key_of_spki(std::span<const std::uint8_t> spki);

// Each reads PEM or DER. @throws CommandError naming the file and the mend.
SeenKey key_of_certificate(const std::string& file);  ///< the first certificate in it
SeenKey key_of_request(const std::string& file);      ///< PKCS#10
/// A private key, not encrypted, in PKCS#8, SEC 1 or PKCS#1; or a public key.
SeenKey key_of_key_file(const std::string& file);

/// The DER of the one private key in a file that signs pin sets. @throws CommandError
std::vector<std::uint8_t> read_private_key(const std::string& file);

}  // namespace holdfast::cli
