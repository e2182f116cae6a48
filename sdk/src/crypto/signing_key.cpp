#include "crypto/signing_key.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ed25519.h>

#include <cstring>
#include <memory>
#include <stdexcept>

#include "crypto/random.hpp"

namespace holdfast::crypto {
namespace {

// PrivateKeyInfo { version 0, { id-Ed25519 }, OCTET STRING { OCTET STRING of 32 bytes } }: always
// these bytes and then the seed (RFC 8410 section 7), as openssl writes it, too.
constexpr std::array<std::uint8_t, 16> kPkcs8Head{0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                                  0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

struct Free {
  void operator()(ed25519_key* key) const {
    wc_ed25519_free(key);
    delete key;
  }
};
using Key = std::unique_ptr<ed25519_key, Free>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("wolfCrypt refuses ") + what);
}

Key make_key() {
  auto* memory = new ed25519_key{};
  if (wc_ed25519_init(memory) != 0) {
    delete memory;
    throw std::runtime_error("wolfCrypt refuses an Ed25519 key");
  }
  return Key(memory);
}

}  // namespace

SigningKey::SigningKey(const Seed& seed) : seed_(seed) {
  const Key key = make_key();
  require(wc_ed25519_import_private_only(seed_.data(), static_cast<word32>(seed_.size()),
                                         key.get()) == 0 &&
              wc_ed25519_make_public(key.get(), public_.data(),
                                     static_cast<word32>(public_.size())) == 0,
          "the secret of an Ed25519 key");
}

SigningKey::~SigningKey() {
  ::explicit_bzero(seed_.data(), seed_.size());
}

SigningKey SigningKey::generate() {
  Seed seed{};
  fill_with_random(seed);
  SigningKey key(seed);
  ::explicit_bzero(seed.data(), seed.size());
  return key;
}

std::optional<SigningKey> SigningKey::from_pkcs8(Bytes der, std::string& why) {
  const Key key = make_key();
  word32 at = 0;
  Seed seed{};
  auto size = static_cast<word32>(seed.size());
  if (wc_Ed25519PrivateKeyDecode(der.data(), &at, key.get(), static_cast<word32>(der.size())) !=
          0 ||
      at != der.size() || wc_ed25519_export_private_only(key.get(), seed.data(), &size) != 0 ||
      size != seed.size()) {
    why = "it is not an Ed25519 private key";
    return std::nullopt;
  }
  SigningKey result(seed);
  ::explicit_bzero(seed.data(), seed.size());
  return result;
}

std::vector<std::uint8_t> SigningKey::pkcs8() const {
  std::vector<std::uint8_t> der;
  der.reserve(kPkcs8Head.size() + seed_.size());
  der.insert(der.end(), kPkcs8Head.begin(), kPkcs8Head.end());
  der.insert(der.end(), seed_.begin(), seed_.end());
  return der;
}

Signature SigningKey::sign(Bytes message) const {
  const Key key = make_key();
  Signature signature{};
  auto size = static_cast<word32>(signature.size());
  require(
      wc_ed25519_import_private_key(seed_.data(), static_cast<word32>(seed_.size()), public_.data(),
                                    static_cast<word32>(public_.size()), key.get()) == 0,
      "the Ed25519 key");
  require(wc_ed25519_sign_msg(message.data(), static_cast<word32>(message.size()), signature.data(),
                              &size, key.get()) == 0 &&
              size == signature.size(),
          "to sign");
  return signature;
}

}  // namespace holdfast::crypto
