// A certification request from anybody: what is found lies inside of it and is a key by itself.

#include <vector>

#include "fuzz.hpp"
#include "pinning/spki.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto spki = pinning::find_spki_in_request({data, size});
  if (!spki) return 0;
  fuzz::require(spki->data() > data && spki->data() + spki->size() <= data + size,
                "it lies inside");
  fuzz::require(pinning::is_spki(*spki), "what was found is a key by itself");
  // Neither more nor less of the request is one.
  fuzz::require(!pinning::find_spki_in_request({data, size - 1}),
                "a request that was cut off is refused");
  std::vector<std::uint8_t> longer(data, data + size);
  longer.push_back(0);
  fuzz::require(!pinning::find_spki_in_request(longer), "trailing bytes are refused");
  return 0;
}
