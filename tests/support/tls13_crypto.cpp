#include "support/tls13_crypto.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/wc_port.h>

#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "support/temp_dir.hpp"

namespace holdfast::test::tls13 {
namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kMostSignatureBytes = 1024;

void require(int result, const char* what) {
  if (result >= 0) return;
  throw std::runtime_error(std::string("wolfCrypt: ") + what + " failed with " +
                           std::to_string(result));
}

const byte* in(std::string_view bytes) {
  return reinterpret_cast<const byte*>(bytes.data());
}

byte* out(std::string& bytes) {
  return reinterpret_cast<byte*>(bytes.data());
}

word32 size_of(std::string_view bytes) {
  return static_cast<word32>(bytes.size());
}

// Owns one of wolfCrypt's structs from its initialisation to its release.
template <class T>
class Owned {
 public:
  template <class Init>
  Owned(Init init, void (*release)(T*), const char* what) : release_(release) {
    require(init(&value_), what);
  }
  ~Owned() { release_(&value_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T* get() { return &value_; }

 private:
  T value_{};
  void (*release_)(T*);
};

struct Rng : Owned<WC_RNG> {
  Rng()
      : Owned(
            wc_InitRng, [](WC_RNG* rng) { wc_FreeRng(rng); }, "the random generator") {}
};

struct AesKey : Owned<Aes> {
  explicit AesKey(std::string_view key)
      : Owned([](Aes* aes) { return wc_AesInit(aes, nullptr, INVALID_DEVID); }, wc_AesFree, "AES") {
    require(wc_AesGcmSetKey(get(), in(key), size_of(key)), "the AES key");
  }
};

struct EccKey : Owned<ecc_key> {
  EccKey()
      : Owned(
            wc_ecc_init, [](ecc_key* key) { wc_ecc_free(key); }, "the P-256 key") {}
};

struct RsaPrivateKey : Owned<RsaKey> {
  RsaPrivateKey()
      : Owned([](RsaKey* key) { return wc_InitRsaKey(key, nullptr); },
              [](RsaKey* key) { wc_FreeRsaKey(key); }, "the RSA key") {}
};

struct X25519 : Owned<curve25519_key> {
  X25519() : Owned(wc_curve25519_init, wc_curve25519_free, "the X25519 key") {}
};

std::string sign_with_rsa(std::string_view der, const std::string& hash,
                          SigningKey::Padding padding) {
  Rng rng;
  RsaPrivateKey key;
  word32 index = 0;
  require(wc_RsaPrivateKeyDecode(in(der), &index, key.get(), size_of(der)), "reading the RSA key");
#ifdef WC_RSA_BLINDING
  require(wc_RsaSetRNG(key.get(), rng.get()), "the RSA key's random generator");
#endif
  std::string signature(kMostSignatureBytes, '\0');
  int size = 0;
  if (padding == SigningKey::Padding::kPss) {
    size = wc_RsaPSS_Sign(in(hash), size_of(hash), out(signature), size_of(signature),
                          WC_HASH_TYPE_SHA256, WC_MGF1SHA256, key.get(), rng.get());
  } else {
    std::string info(kMostSignatureBytes, '\0');
    info.resize(
        wc_EncodeSignature(out(info), in(hash), size_of(hash), wc_GetCTC_HashOID(WC_SHA256)));
    size = wc_RsaSSL_Sign(in(info), size_of(info), out(signature), size_of(signature), key.get(),
                          rng.get());
  }
  require(size, "an RSA signature");
  signature.resize(static_cast<std::size_t>(size));
  return signature;
}

}  // namespace

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  Rng rng;
  require(wc_RNG_GenerateBlock(rng.get(), out(bytes), size_of(bytes)), "random bytes");
  return bytes;
}

std::string sha256(std::string_view bytes) {
  std::string hash(kHashBytes, '\0');
  require(wc_Sha256Hash(in(bytes), size_of(bytes), out(hash)), "SHA-256");
  return hash;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  Owned<Hmac> hmac([](Hmac* made) { return wc_HmacInit(made, nullptr, INVALID_DEVID); },
                   wc_HmacFree, "HMAC");
  std::string mac(kHashBytes, '\0');
  require(wc_HmacSetKey(hmac.get(), WC_SHA256, in(key), size_of(key)), "the HMAC key");
  require(wc_HmacUpdate(hmac.get(), in(bytes), size_of(bytes)), "HMAC");
  require(wc_HmacFinal(hmac.get(), out(mac)), "HMAC");
  return mac;
}

std::string hkdf_extract(std::string_view salt, std::string_view key) {
  const std::string zeros(kHashBytes, '\0');
  // HKDF-Extract is one HMAC (RFC 5869 section 2.2).
  return hmac_sha256(salt.empty() ? zeros : salt, key.empty() ? zeros : key);
}

std::string expand_label(std::string_view secret, std::string_view label, std::string_view context,
                         std::size_t size) {
  const std::string full_label = "tls13 " + std::string(label);
  std::string info{static_cast<char>(size >> 8U), static_cast<char>(size),
                   static_cast<char>(full_label.size())};
  info += full_label;
  info += static_cast<char>(context.size());
  info += context;
  std::string key(size, '\0');
  require(wc_HKDF_Expand(WC_SHA256, in(secret), size_of(secret), in(info), size_of(info), out(key),
                         size_of(key)),
          "HKDF-Expand");
  return key;
}

void TrafficKeys::use(std::string secret) {
  secret_ = std::move(secret);
  key_ = expand_label(secret_, "key", "", 16);
  iv_ = expand_label(secret_, "iv", "", 12);
  sequence_ = 0;
}

void TrafficKeys::update() {
  use(expand_label(secret_, "traffic upd", "", kHashBytes));
}

std::string TrafficKeys::finished(std::string_view transcript_hash) const {
  return hmac_sha256(expand_label(secret_, "finished", "", kHashBytes), transcript_hash);
}

std::string TrafficKeys::nonce() const {
  std::string nonce = iv_;
  for (std::size_t i = 0; i < sizeof sequence_; ++i) {
    char& place = nonce[nonce.size() - 1 - i];
    place = static_cast<char>(place ^ static_cast<char>(sequence_ >> (8 * i)));
  }
  return nonce;
}

std::string TrafficKeys::seal(ContentType type, std::string_view plain_text) {
  const std::string inner = std::string(plain_text) + static_cast<char>(type);
  const std::size_t size = inner.size() + kTagBytes;
  const std::string header{static_cast<char>(ContentType::kApplicationData), 3, 3,
                           static_cast<char>(size >> 8U), static_cast<char>(size)};
  std::string sealed(inner.size(), '\0');
  std::string tag(kTagBytes, '\0');
  const std::string iv = nonce();
  AesKey key(key_);
  require(wc_AesGcmEncrypt(key.get(), out(sealed), in(inner), size_of(inner), in(iv), size_of(iv),
                           out(tag), size_of(tag), in(header), size_of(header)),
          "AES-GCM");
  ++sequence_;
  return header + sealed + tag;
}

std::optional<Plaintext> TrafficKeys::open(std::string_view header, std::string_view sealed) {
  if (sealed.size() <= kTagBytes) return std::nullopt;
  const std::string_view tag = sealed.substr(sealed.size() - kTagBytes);
  sealed.remove_suffix(kTagBytes);
  std::string inner(sealed.size(), '\0');
  const std::string iv = nonce();
  AesKey key(key_);
  if (wc_AesGcmDecrypt(key.get(), out(inner), in(sealed), size_of(sealed), in(iv), size_of(iv),
                       in(tag), size_of(tag), in(header), size_of(header)) != 0) {
    return std::nullopt;
  }
  ++sequence_;
  // Zeros behind the type are padding (section 5.4).
  inner.resize(inner.find_last_not_of('\0') + 1);
  Plaintext opened;
  if (inner.empty()) return opened;
  opened.type = static_cast<ContentType>(inner.back());
  inner.pop_back();
  opened.bytes = std::move(inner);
  return opened;
}

struct KeyShare::Key {
  Rng rng;
  X25519 pair;
};

KeyShare::KeyShare() : key_(std::make_unique<Key>()) {
  require(wc_curve25519_make_key(key_->rng.get(), CURVE25519_KEYSIZE, key_->pair.get()),
          "an X25519 key pair");
#ifdef WOLFSSL_CURVE25519_BLINDING
  require(wc_curve25519_set_rng(key_->pair.get(), key_->rng.get()), "X25519 blinding");
#endif
}

KeyShare::~KeyShare() = default;

std::string KeyShare::public_value() const {
  std::string value(CURVE25519_KEYSIZE, '\0');
  word32 size = size_of(value);
  require(
      wc_curve25519_export_public_ex(key_->pair.get(), out(value), &size, EC25519_LITTLE_ENDIAN),
      "an X25519 public value");
  return value;
}

std::string KeyShare::shared_secret(std::string_view peer) const {
  X25519 other;
  require(
      wc_curve25519_import_public_ex(in(peer), size_of(peer), other.get(), EC25519_LITTLE_ENDIAN),
      "the peer's X25519 value");
  std::string secret(CURVE25519_KEYSIZE, '\0');
  word32 size = size_of(secret);
  require(wc_curve25519_shared_secret_ex(key_->pair.get(), other.get(), out(secret), &size,
                                         EC25519_LITTLE_ENDIAN),
          "X25519");
  return secret;
}

SigningKey::SigningKey(const std::filesystem::path& key_file) : der_(der_of(key_file).at(0)) {
  EccKey key;
  word32 index = 0;
  is_rsa_ = wc_EccPrivateKeyDecode(in(der_), &index, key.get(), size_of(der_)) != 0;
}

std::string SigningKey::sign(std::string_view bytes, Padding padding) const {
  const std::string hash = sha256(bytes);
  if (is_rsa_) return sign_with_rsa(der_, hash, padding);
  Rng rng;
  EccKey key;
  word32 index = 0;
  require(wc_EccPrivateKeyDecode(in(der_), &index, key.get(), size_of(der_)),
          "reading the P-256 key");
  std::string signature(kMostSignatureBytes, '\0');
  word32 size = size_of(signature);
  require(wc_ecc_sign_hash(in(hash), size_of(hash), out(signature), &size, rng.get(), key.get()),
          "an ECDSA signature");
  signature.resize(size);
  return signature;
}

std::vector<std::string> der_of(const std::filesystem::path& pem_file) {
  const std::string text = read_file(pem_file);
  std::vector<std::string> blocks;
  constexpr std::string_view kBegin = "-----BEGIN ";
  for (std::size_t at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at)) {
    at = text.find('\n', at);
    const std::size_t end = text.find("-----END ", at);
    if (end == std::string::npos) break;
    std::string base64 = text.substr(at, end - at);
    std::erase(base64, '\n');
    std::string& der = blocks.emplace_back(base64.size(), '\0');
    word32 size = size_of(der);
    require(Base64_Decode(in(base64), size_of(base64), out(der), &size), "base64");
    der.resize(size);
    at = end;
  }
  if (blocks.empty()) throw std::runtime_error("no PEM block in " + pem_file.string());
  return blocks;
}

void start_wolfcrypt() {
  static std::once_flag once;
  std::call_once(once, [] { require(-std::abs(wolfCrypt_Init()), "starting"); });
}

void free_thread_caches() {
#ifdef FP_ECC
  wc_ecc_fp_free();
#endif
}

}  // namespace holdfast::test::tls13
