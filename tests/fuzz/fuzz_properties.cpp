// The properties of a message that was kept, damaged or tampered with: what is taken is what would
// be written, so that no broker sees anything else.

#include <algorithm>

#include "base/properties.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto bytes = fuzz::bytes_of(data, size);
  const auto properties = Properties::parse(bytes);
  if (!properties) return 0;
  fuzz::require(std::ranges::equal(properties->bytes(), bytes), "byte by byte");
  fuzz::require(std::ranges::equal(Properties(properties->values()).bytes(), bytes),
                "also by what they say");
  return 0;
}
