// A kept state document that was tampered with, or that another version wrote: it is read within
// its bounds or refused, and what was read is written as the same.

#include <string>

#include <holdfast/limits.hpp>

#include "fuzz.hpp"
#include "twin/kept_state.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto state = twin::decode_kept({data, size}, why);
  fuzz::require(state.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!state) return 0;
  fuzz::require(state->desired.size() <= limits::kMaxStateBytes &&
                    state->reported.size() <= limits::kMaxStateBytes,
                "documents are bounded");
  fuzz::require(state->desired.empty() == (state->desired_version == 0),
                "a document has a version, and only a document");
  const auto again = twin::decode_kept(twin::encode_kept(*state), why);
  fuzz::require(again.has_value() && *again == *state, "what was written is read again");
  return 0;
}
