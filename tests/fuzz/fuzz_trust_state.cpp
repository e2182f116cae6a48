// A state file that was tampered with, or that another version wrote: it is read or refused, and
// what was read is written as the same.

#include <string>

#include "fuzz.hpp"
#include "pinning/trust.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto state = pinning::decode_state({data, size}, why);
  fuzz::require(state.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!state) return 0;
  const auto again = pinning::decode_state(pinning::encode_state(*state), why);
  fuzz::require(again.has_value(), "what was written is read again");
  fuzz::require(again->floor == state->floor && again->newest.pins == state->newest.pins &&
                    again->fallback == state->fallback && again->proven == state->proven &&
                    again->roots.keys == state->roots.keys &&
                    again->time_floor == state->time_floor,
                "and is the same");

  pinning::Pin ours;
  ours.digest.fill(0xA5);
  const auto nobody = [](const auto&, auto, const auto&) { return false; };
  const pinning::Trust trust({.version = 1, .pins = {ours}}, *state, nobody);
  fuzz::require(trust.state().floor >= state->floor, "the floor does not fall");
  for (const pinning::Pin& pin : trust.state().newest.revoked) {
    fuzz::require(!trust.keys()->judge({pin}), "nothing rests on a revoked key");
  }
  return 0;
}
