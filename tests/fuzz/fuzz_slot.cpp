// A slot file after a power failure, or tampered with: what is read is what was written, and no
// byte of it may have changed.

#include <algorithm>
#include <vector>

#include "fuzz.hpp"
#include "state/slot_format.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  if (const auto record = state::decode_slot({data, size})) {
    const auto again = state::encode_slot(record->generation, record->content);
    fuzz::require(again.size() <= size && std::equal(again.begin(), again.end(), data),
                  "what is read is what was written");
  }
  if (size < 2) return 0;

  // No fuzzer finds a checksum by chance: so the input is the content too, and one bit falls over.
  const std::uint64_t generation = 1 + data[0];
  auto file = state::encode_slot(generation, {data + 1, size - 1});
  const auto whole = state::decode_slot(file);
  fuzz::require(whole && whole->generation == generation &&
                    std::equal(whole->content.begin(), whole->content.end(), data + 1, data + size),
                "what was written is read");
  file[(data[1] * std::size_t{257} + data[0]) % file.size()] ^=
      static_cast<std::uint8_t>(1 << (data[1] % 8));
  fuzz::require(!state::decode_slot(file), "a flipped bit is noticed");
  return 0;
}
