// What a server sends in clear, read for a key_share: whatever comes, in whatever pieces, the
// answer is the same.

#include "channel/server_hello.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  channel::ServerHelloReader whole;
  whole.feed({data, size});
  channel::ServerHelloReader pieces;
  for (std::size_t at = 0; at < size; ++at) pieces.feed({data + at, 1});
  fuzz::require(whole.has_key_share() == pieces.has_key_share(), "pieces are the same as all");
  return 0;
}
