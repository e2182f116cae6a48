// A certificate from an attacker: what is found lies inside of it and is an element of its own.

#include <vector>

#include "fuzz.hpp"
#include "pinning/spki.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto spki = pinning::find_spki({data, size});
  if (!spki) return 0;
  fuzz::require(spki->data() > data && spki->data() + spki->size() <= data + size,
                "it lies inside");
  fuzz::require(spki->size() >= 6 && (*spki)[0] == 0x30, "it is a sequence");
  // Neither more nor less of the certificate is one.
  fuzz::require(!pinning::find_spki({data, size - 1}), "a certificate that was cut off is refused");
  std::vector<std::uint8_t> longer(data, data + size);
  longer.push_back(0);
  fuzz::require(!pinning::find_spki(longer), "trailing bytes are refused");
  return 0;
}
