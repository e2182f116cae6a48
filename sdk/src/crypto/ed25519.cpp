#include "crypto/ed25519.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>

#include <stdexcept>

namespace holdfast::crypto {
namespace {

class Key {
 public:
  Key() : ready_(wc_ed25519_init(&key_) == 0) {}
  ~Key() {
    if (ready_) wc_ed25519_free(&key_);
  }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  bool import(const PublicKey& key) {
    return ready_ &&
           wc_ed25519_import_public(key.data(), static_cast<word32>(key.size()), &key_) == 0;
  }
  ed25519_key* get() { return &key_; }

 private:
  ed25519_key key_{};
  bool ready_;
};

}  // namespace

bool verify_ed25519(const PublicKey& public_key, Bytes message, const Signature& signature) {
  Key key;
  if (!key.import(public_key)) return false;
  // wolfCrypt takes a null pointer for a mistake, also with a length of 0.
  static constexpr std::uint8_t kNothing = 0;
  const std::uint8_t* first = message.empty() ? &kNothing : message.data();
  int valid = 0;
  const int result =
      wc_ed25519_verify_msg(signature.data(), static_cast<word32>(signature.size()), first,
                            static_cast<word32>(message.size()), &valid, key.get());
  return result == 0 && valid == 1;
}

Digest sha256(Bytes data) {
  Digest digest{};
  if (wc_Sha256Hash(data.data(), static_cast<word32>(data.size()), digest.data()) != 0) {
    throw std::runtime_error("wolfCrypt cannot hash");
  }
  return digest;
}

}  // namespace holdfast::crypto
