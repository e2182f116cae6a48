#include "channel/key_reader.hpp"

#include <wolfssl/options.h>

#include <wolfssl/openssl/x509.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <algorithm>
#include <vector>

#include "pinning/spki.hpp"

namespace holdfast::channel {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Two readers of one certificate must see the same key, or an attacker shows each what it likes to
// see. Our pin is made of the SubjectPublicKeyInfo that find_spki cut out; signatures are checked
// against the key that wolfSSL decoded: that key must lie inside what we hashed.
std::optional<pinning::Pin> pin_of(Bytes certificate, Bytes key_of_wolfssl) {
  const auto spki = pinning::find_spki(certificate);
  if (!spki || key_of_wolfssl.empty() ||
      std::search(spki->begin(), spki->end(), key_of_wolfssl.begin(), key_of_wolfssl.end()) ==
          spki->end()) {
    return std::nullopt;
  }
  pinning::Pin pin;
  if (wc_Sha256Hash(spki->data(), static_cast<word32>(spki->size()), pin.digest.data()) != 0) {
    return std::nullopt;
  }
  return pin;
}

// A certificate as wolfSSL's own parser has it; its WOLFSSL_X509 cannot be made of an Ed25519 one.
class Decoded {
 public:
  explicit Decoded(Bytes certificate) {
    wc_InitDecodedCert(&decoded_, certificate.data(), static_cast<word32>(certificate.size()),
                       nullptr);
    parsed_ = wc_ParseCert(&decoded_, CERT_TYPE, NO_VERIFY, nullptr) == 0;
  }
  ~Decoded() { wc_FreeDecodedCert(&decoded_); }
  Decoded(const Decoded&) = delete;
  Decoded& operator=(const Decoded&) = delete;

  Bytes key() const { return parsed_ ? Bytes(decoded_.publicKey, decoded_.pubKeySize) : Bytes(); }

 private:
  DecodedCert decoded_{};
  bool parsed_ = false;
};

}  // namespace

std::optional<pinning::Pin> read_pin(Bytes certificate, WOLFSSL_X509* as_wolfssl_has_it) {
  if (as_wolfssl_has_it == nullptr) return std::nullopt;
  int size = 0;
  if (wolfSSL_X509_get_pubkey_buffer(as_wolfssl_has_it, nullptr, &size) != WOLFSSL_SUCCESS ||
      size <= 0) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> key(static_cast<std::size_t>(size));
  if (wolfSSL_X509_get_pubkey_buffer(as_wolfssl_has_it, key.data(), &size) != WOLFSSL_SUCCESS) {
    return std::nullopt;
  }
  return pin_of(certificate, key);
}

std::optional<pinning::Pin> read_pin(Bytes certificate) {
  return pin_of(certificate, Decoded(certificate).key());
}

}  // namespace holdfast::channel
