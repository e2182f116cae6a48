#include "crypto/random.hpp"

#include <stdexcept>

#include "crypto/rng.hpp"

namespace holdfast::crypto {

Rng::Rng() {
  if (wc_InitRng(&rng_) != 0) throw std::runtime_error("the system has no random numbers");
}

Rng::~Rng() {
  wc_FreeRng(&rng_);
}

void fill_with_random(std::span<std::uint8_t> bytes) {
  Rng rng;
  if (wc_RNG_GenerateBlock(rng.get(), bytes.data(), static_cast<word32>(bytes.size())) != 0) {
    throw std::runtime_error("the system has no random numbers");
  }
}

}  // namespace holdfast::crypto
