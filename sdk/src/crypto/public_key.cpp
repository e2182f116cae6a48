#include "crypto/public_key.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include <algorithm>
#include <array>
#include <memory>

#include "crypto/rng.hpp"

namespace holdfast::crypto {
namespace {

using Der = std::vector<std::uint8_t>;

constexpr std::size_t kMaxSpkiBytes = 4'096;  // an RSA key of 16,384 bits has 2,100

// One of wolfCrypt's key structures with its init and its free.
template <class T, auto init, auto free>
class Key {
 public:
  Key() : ready_(init(key_.get()) == 0) {}
  ~Key() {
    if (ready_) free(key_.get());
  }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  bool ready() const { return ready_; }
  T* get() const { return key_.get(); }

 private:
  std::unique_ptr<T> key_ = std::make_unique<T>();
  bool ready_;
};

int init_rsa(RsaKey* key) {
  return wc_InitRsaKey(key, nullptr);
}

using RsaKeyHolder = Key<RsaKey, init_rsa, wc_FreeRsaKey>;
using EccKeyHolder = Key<ecc_key, wc_ecc_init, wc_ecc_free>;
using EdKeyHolder = Key<ed25519_key, wc_ed25519_init, wc_ed25519_free>;

// Reads with one of wolfCrypt's decoders.
template <class Holder, class Decoder>
bool decode(Decoder decoder, Bytes der, const Holder& key) {
  word32 at = 0;
  return key.ready() && decoder(der.data(), &at, key.get(), static_cast<word32>(der.size())) == 0;
}

// Runs one of wolfCrypt's encoders, which return the length or a negative error.
template <class Encoder>
std::optional<Der> encode(Encoder encoder) {
  Der der(kMaxSpkiBytes);
  const int size = encoder(der.data(), static_cast<word32>(der.size()));
  if (size <= 0) return std::nullopt;
  der.resize(static_cast<std::size_t>(size));
  return der;
}

std::string name_of_curve(const ecc_key* key) {
  switch (key->dp == nullptr ? ECC_CURVE_INVALID : key->dp->id) {
    case ECC_SECP256R1:
      return "P-256";
    case ECC_SECP384R1:
      return "P-384";
    case ECC_SECP521R1:
      return "P-521";
    default:
      return "EC";
  }
}

bool stands_in(Bytes part, Bytes whole) {
  return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end();
}

// Why the public half that a file carries is not `point`, the one that belongs to its secret,
// written in full; empty if it is. A file with the short form of the point will as a rule lead to a
// certificate that has it, too, and that one has another digest.
std::string why_not_in_file(Bytes point, Bytes private_key) {
  if (stands_in(point, private_key)) return {};
  if (stands_in(point.subspan(1, point.size() / 2), private_key)) {
    return "its public point is written in the short form; write it in full with `openssl ec "
           "-conv_form uncompressed`, and make the certificate from that key";
  }
  return "its private and its public half do not belong together";
}

std::optional<Der> spki_of_ecc(ecc_key* key, Bytes private_key, std::string& why) {
  const bool had_public_half = key->type != ECC_PRIVATEKEY_ONLY;
  Rng rng;
  wc_ecc_set_rng(key, rng.get());
  std::array<std::uint8_t, 1 + 2 * MAX_ECC_BYTES> point{};
  auto size = static_cast<word32>(point.size());
  // Made anew from the secret in any case: wc_ecc_check_key takes a foreign public half for good.
  if (wc_ecc_make_pub_ex(key, nullptr, rng.get()) != 0 ||
      wc_ecc_export_x963(key, point.data(), &size) != 0) {
    why = "its public half cannot be computed";
    return std::nullopt;
  }
  if (had_public_half) why = why_not_in_file(Bytes(point).first(size), private_key);
  if (!why.empty()) return std::nullopt;
  auto spki =
      encode([&](byte* out, word32 room) { return wc_EccPublicKeyToDer(key, out, room, 1); });
  if (!spki) why = "its curve is not known here";
  return spki;
}

std::optional<Der> spki_of_ed25519(ed25519_key* key, std::string& why) {
  // A PKCS#8 of version 2 may carry a public half: the one that belongs to the secret is made anew.
  std::array<std::uint8_t, ED25519_PUB_KEY_SIZE> pub{};
  EdKeyHolder made;
  if (made.ready() && wc_ed25519_make_public(key, pub.data(), ED25519_PUB_KEY_SIZE) == 0 &&
      wc_ed25519_import_public(pub.data(), ED25519_PUB_KEY_SIZE, made.get()) == 0) {
    auto spki = encode(
        [&](byte* out, word32 size) { return wc_Ed25519PublicKeyToDer(made.get(), out, size, 1); });
    if (spki) return spki;
  }
  why = "its public half cannot be computed";
  return std::nullopt;
}

}  // namespace

std::string kind_of_key(Bytes spki) {
  if (const RsaKeyHolder key; decode(wc_RsaPublicKeyDecode, spki, key)) {
    return "RSA-" + std::to_string(8 * wc_RsaEncryptSize(key.get()));
  }
  if (const EccKeyHolder key; decode(wc_EccPublicKeyDecode, spki, key)) {
    return name_of_curve(key.get());
  }
  if (const EdKeyHolder key; decode(wc_Ed25519PublicKeyDecode, spki, key)) return "Ed25519";
  return {};
}

std::optional<Der> public_key_of(Bytes private_key, std::string& why) {
  why.clear();
  if (const EccKeyHolder key; decode(wc_EccPrivateKeyDecode, private_key, key)) {
    return spki_of_ecc(key.get(), private_key, why);
  }
  if (const EdKeyHolder key; decode(wc_Ed25519PrivateKeyDecode, private_key, key)) {
    return spki_of_ed25519(key.get(), why);
  }
  if (const RsaKeyHolder key; decode(wc_RsaPrivateKeyDecode, private_key, key)) {
    auto spki = encode(
        [&](byte* out, word32 size) { return wc_RsaKeyToPublicDer_ex(key.get(), out, size, 1); });
    if (!spki) why = "its public half cannot be written";
    return spki;
  }
  why = "no RSA, EC or Ed25519 private key can be read from it";
  return std::nullopt;
}

}  // namespace holdfast::crypto
