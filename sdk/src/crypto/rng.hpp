// wolfCrypt's random number generator with an owner. For sources of this room only: it names a type
// of wolfSSL.

#pragma once

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/random.h>

namespace holdfast::crypto {

class Rng {
 public:
  /// @throws std::runtime_error if the system has no random numbers.
  Rng();
  ~Rng();
  Rng(const Rng&) = delete;
  Rng& operator=(const Rng&) = delete;

  WC_RNG* get() { return &rng_; }

 private:
  WC_RNG rng_{};
};

}  // namespace holdfast::crypto
