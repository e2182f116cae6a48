// An Ed25519 key that signs (RFC 8032): made, read from and written to PKCS#8 (RFC 8410).
// Threads: any.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/ed25519.hpp"

namespace holdfast::crypto {

class SigningKey {
 public:
  /// @throws std::runtime_error if the system has no random numbers.
  static SigningKey generate();
  /// @return empty and `why` set for anything but one Ed25519 private key.
  static std::optional<SigningKey> from_pkcs8(Bytes der, std::string& why);

  ~SigningKey();  // wipes the secret
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  const PublicKey& public_key() const { return public_; }
  /// To be kept secret.
  std::vector<std::uint8_t> pkcs8() const;
  /// @throws std::runtime_error if wolfCrypt fails.
  Signature sign(Bytes message) const;

 private:
  using Seed = std::array<std::uint8_t, 32>;
  explicit SigningKey(const Seed& seed);

  Seed seed_{};
  PublicKey public_{};
};

}  // namespace holdfast::crypto
