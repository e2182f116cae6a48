#include <holdfast/state_document.hpp>

#include "state_document_generated.h"

namespace holdfast {
namespace {

// What every FlatBuffers scalar can ask for, and so a nested buffer too.
constexpr std::size_t kBodyAlignment = 8;

}  // namespace

std::error_code open_state(std::span<const std::byte> payload, StateBody& state) {
  state = {};
  std::error_code error;
  const auto* document = verify<wire::StateDocument>(payload, error);
  if (document == nullptr) return error;
  const auto* body = document->body();
  if (body == nullptr || body->size() == 0 || document->version() == 0) {
    return Errc::malformed_payload;
  }
  if (body->size() > limits::kMaxStateBytes) return Errc::payload_too_large;
  state.version = document->version();
  state.seen = document->seen();
  state.bytes = std::as_bytes(std::span(body->data(), body->size()));
  if (reinterpret_cast<std::uintptr_t>(state.bytes.data()) % kBodyAlignment != 0) {
    state.aligned.assign(state.bytes.begin(), state.bytes.end());
    state.bytes = state.aligned;
  }
  return {};
}

std::vector<std::byte> seal_state(std::uint64_t version, std::span<const std::byte> body,
                                  std::uint64_t seen) {
  flatbuffers::FlatBufferBuilder builder(body.size() + 64);
  builder.ForceVectorAlignment(body.size(), 1, kBodyAlignment);
  const auto vector =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(body.data()), body.size());
  builder.Finish(wire::CreateStateDocument(builder, version, vector, seen),
                 Schema<wire::StateDocument>::identifier.data());
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace holdfast
