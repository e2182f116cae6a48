// Datagrams of the kernel: whatever they say, what was seen appear does not appear again at once.

#include "channel/network_changes.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  channel::NetworkChanges changes;
  const auto first = changes.take({data, size});
  const auto again = changes.take({data, size});
  fuzz::require(!again.appeared || first.appeared || again.went,
                "what was no news is none the second time");
  return 0;
}
