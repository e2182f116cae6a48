// An HTTP proxy's answer: read the same whole and in pieces, bounded, and taken for a tunnel only
// if a line says 2xx.

#include <holdfast/limits.hpp>

#include "channel/http_tunnel.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using Step = channel::TunnelReply::Step;
  const std::span input(data, size);
  channel::TunnelReply whole("broker", "proxy");
  std::size_t taken = 0;
  const Step step = whole.feed(input, taken);
  fuzz::require(taken <= size && taken <= limits::kMaxProxyReplyBytes, "the answer is bounded");

  channel::TunnelReply pieces("broker", "proxy");
  Step last = Step::need_input;
  std::size_t read = 0;
  while (read < size && last == Step::need_input) {
    std::size_t one = 0;
    last = pieces.feed(input.subspan(read, 1), one);
    read += one;
    if (one == 0) break;
  }
  fuzz::require(last == step && read == taken, "pieces say what the whole says");
  fuzz::require(whole.failure().detail == pieces.failure().detail, "and fail in the same way");
  if (step == Step::opened) {
    const auto text = fuzz::text_of(data, taken);
    fuzz::require(text.find(" 2") != std::string_view::npos, "somebody said 2xx");
    fuzz::require(text.ends_with("\n"), "the header ended");
  }
  for (const char character : whole.failure().detail) {
    fuzz::require(static_cast<unsigned char>(character) >= 0x20, "nothing unprintable is shown");
  }
  return 0;
}
