// A state document from a broker: opened and verified, and its body within its bound.

#include <vector>

#include <holdfast/state_document.hpp>

#include "command_generated.h"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto input = fuzz::bytes_of(data, size);
  const std::vector<std::byte> payload(input.begin(), input.end());  // aligned, as a Message's is
  StateBody state;
  if (const auto error = open_state(payload, state)) {
    fuzz::require(error == Errc::malformed_payload || error == Errc::foreign_payload ||
                      error == Errc::payload_too_large,
                  "one of three errors");
    return 0;
  }
  fuzz::require(state.version > 0, "versions begin with 1");
  fuzz::require(!state.bytes.empty() && state.bytes.size() <= limits::kMaxStateBytes,
                "a body is bounded");
  std::error_code error;
  if (const auto* command = verify<Command>(state.bytes, error)) {
    CommandT object;
    command->UnPackTo(&object);
  }
  StateBody again;
  const auto sealed = seal_state(state.version, state.bytes, state.seen);
  fuzz::require(!open_state(sealed, again), "what was sealed is opened");
  fuzz::require(again.version == state.version && again.seen == state.seen &&
                    again.bytes.size() == state.bytes.size(),
                "and is the same");
  return 0;
}
