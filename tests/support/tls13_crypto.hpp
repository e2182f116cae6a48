#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The cryptography of the tests' own TLS 1.3 server (RFC 8446): the suite
// TLS_AES_128_GCM_SHA256 and the group X25519, made of wolfCrypt's primitives.
// Bytes are in std::string, as everywhere in tests/support. All throw
// std::runtime_error when wolfCrypt fails.
namespace holdfast::test::tls13 {

inline constexpr std::size_t kHashBytes = 32;

std::string random_bytes(std::size_t size);
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// RFC 8446 section 7.1. An empty `salt` or `key` is zeros, as the RFC writes 0.
std::string hkdf_extract(std::string_view salt, std::string_view key);
std::string expand_label(std::string_view secret, std::string_view label, std::string_view context,
                         std::size_t size);

enum class ContentType : std::uint8_t {
  kNone = 0,  // What is left of a record of padding alone.
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
};

struct Plaintext {
  ContentType type = ContentType::kNone;
  std::string bytes;
};

// One direction's traffic keys with the sequence number (sections 5.2 and 7.3).
class TrafficKeys {
 public:
  explicit TrafficKeys(std::string secret) { use(std::move(secret)); }

  // A whole record, header included.
  std::string seal(ContentType type, std::string_view plain_text);
  // Empty when it is not sealed with these keys; then nothing has changed.
  std::optional<Plaintext> open(std::string_view header, std::string_view sealed);
  // What a KeyUpdate does (section 7.2).
  void update();
  // The MAC of a Finished over this hash of the transcript (section 4.4.4).
  std::string finished(std::string_view transcript_hash) const;

 private:
  void use(std::string secret);
  std::string nonce() const;

  std::string secret_;
  std::string key_;
  std::string iv_;
  std::uint64_t sequence_ = 0;
};

// A fresh X25519 key pair.
class KeyShare {
 public:
  KeyShare();
  ~KeyShare();
  KeyShare(const KeyShare&) = delete;
  KeyShare& operator=(const KeyShare&) = delete;

  std::string public_value() const;
  std::string shared_secret(std::string_view peer) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

// Code points of signature algorithms (section 4.2.3).
inline constexpr std::uint16_t kRsaPkcs1Sha256 = 0x0401;
inline constexpr std::uint16_t kEcdsaSecp256r1Sha256 = 0x0403;
inline constexpr std::uint16_t kEcdsaSecp384r1Sha384 = 0x0503;
inline constexpr std::uint16_t kRsaPssRsaeSha256 = 0x0804;

// Signs with SHA-256 and the P-256 or RSA key of a PEM file.
class SigningKey {
 public:
  enum class Padding { kPss, kPkcs1 };  // Of RSA; TLS 1.3 allows PSS alone.

  explicit SigningKey(const std::filesystem::path& key_file);

  bool is_rsa() const { return is_rsa_; }
  // The code point that a correct server names for this key.
  std::uint16_t algorithm() const { return is_rsa_ ? kRsaPssRsaeSha256 : kEcdsaSecp256r1Sha256; }
  std::string sign(std::string_view bytes, Padding padding = Padding::kPss) const;

 private:
  std::string der_;
  bool is_rsa_ = false;
};

// The blocks of a PEM file in their order, as DER.
std::vector<std::string> der_of(const std::filesystem::path& pem_file);

// To be called before anything else here; again does no harm.
void start_wolfcrypt();
// To be called at the end of a thread that signed: wolfCrypt's table of points is
// kept by thread.
void free_thread_caches();

}  // namespace holdfast::test::tls13
