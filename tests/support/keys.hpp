#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace holdfast::test {

// Throw-away keys and certificates, made by the openssl command. Every call puts
// its files into a fresh directory below the given TempDir, which has to live as
// long as they are used. All throw std::runtime_error with openssl's words.

enum class KeyType { p256, p384, rsa2048, rsa4096, ed25519 };

const char* name_of(KeyType type);

struct Identity {
  std::filesystem::path key_file;    // PEM, not encrypted.
  std::filesystem::path cert_file;   // PEM: the leaf and then its intermediates.
  std::string pin;                   // "sha256/<base64>" of the leaf's key.
  std::filesystem::path chain_file;  // Only the intermediates; empty path when none.
};

struct CertificateOptions {
  enum class Validity { kCurrent, kExpired, kNotYetValid };

  // Empty: "DNS:<common name>", DNS:localhost, IP:127.0.0.1, IP:::1.
  std::vector<std::string> alt_names{};
  Validity validity = Validity::kCurrent;
  // Certify this key in place of a new one (a renewal: same pin); then the
  // KeyType is not looked at.
  std::filesystem::path existing_key{};
};

Identity self_signed(const TempDir& dir, KeyType type, const std::string& common_name,
                     const CertificateOptions& options = {});

// Authority signs other certificates.
struct Authority {
  std::filesystem::path key_file;
  std::filesystem::path cert_file;   // Its own certificate alone; a root is its own CA file.
  std::string pin;                   // Of the authority's key.
  std::filesystem::path chain_file;  // What a leaf has to send after itself; empty for a root.
};

// Of the options only the validity and the existing key count. Two calls with one name make an
// authority and its clone: all is equal but the key.
Authority make_authority(const TempDir& dir, KeyType type, const std::string& common_name,
                         const CertificateOptions& options = {});

// make_intermediate: leaves that it issues carry it (and what is between it and
// the root) in their cert_file and chain_file.
Authority make_intermediate(const TempDir& dir, const Authority& issuer, KeyType type,
                            const std::string& common_name, const CertificateOptions& options = {});

Identity issue(const TempDir& dir, const Authority& issuer, KeyType type,
               const std::string& common_name, const CertificateOptions& options = {});

// pin_of computes the pin of the first certificate in a PEM file.
std::string pin_of(const std::filesystem::path& cert_file);

}  // namespace holdfast::test
