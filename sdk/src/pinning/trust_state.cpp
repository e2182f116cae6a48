#include "pinning/trust_state.hpp"

#include <algorithm>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/limits.hpp>

#include "pinning/document_writer.hpp"
#include "pinning/wire.hpp"
#include "trust_state_generated.h"

namespace holdfast::pinning {

std::vector<std::uint8_t> encode_state(const TrustState& state) {
  flatbuffers::FlatBufferBuilder builder;
  const auto content =
      builder.CreateVector(state.is_signed ? state.content : encode_pins(state.newest));
  const auto fallback = builder.CreateVectorOfStructs(to_wire(state.fallback));
  const auto roots = builder.CreateVector(state.roots.empty() ? std::vector<std::uint8_t>()
                                                              : encode_roots(state.roots));
  builder.Finish(
      wire::CreateTrustState(builder, state.floor, content, state.is_signed, state.proven,
                             state.fallback_version, fallback, roots, state.time_floor,
                             static_cast<std::uint64_t>(state.refused_for.count())),
      Schema<wire::TrustState>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<TrustState> decode_state(Bytes bytes, std::string& why) {
  std::error_code error;
  const auto* table = verify<wire::TrustState>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "it is not a trust state: " + error.message();
    return std::nullopt;
  }
  TrustState state;
  state.floor = table->floor();
  state.content = copy_bytes(table->content());
  state.is_signed = table->is_signed();
  state.proven = table->proven();
  state.fallback_version = table->fallback_version();
  state.time_floor = table->time_floor();
  constexpr std::uint64_t kMostSeconds = std::uint64_t{1} << 40;
  state.refused_for = std::chrono::seconds(std::min(table->refused_for(), kMostSeconds));
  why = read_pins(state.content, state.newest);
  if (!why.empty()) return std::nullopt;
  if (!take_pins(table->fallback(), limits::kMaxPins, state.fallback)) {
    why = "its last set has a pin twice, or too many pins";
    return std::nullopt;
  }
  const auto roots = copy_bytes(table->roots());
  if (!roots.empty()) {
    why = read_roots(roots, state.roots);
    if (!why.empty()) return std::nullopt;
  }
  if (state.floor < state.newest.version) {
    why = "its floor is below its newest set";
    return std::nullopt;
  }
  return state;
}

}  // namespace holdfast::pinning
