#include <cstring>

#include <holdfast/payload.hpp>

#include "envelope_generated.h"

namespace holdfast {
namespace {

// What every FlatBuffers scalar can ask for, and so a nested buffer too.
constexpr std::size_t kBodyAlignment = 8;

const std::uint8_t* data_of(std::span<const std::byte> bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

}  // namespace

std::error_code open_envelope(std::span<const std::byte> payload, Body& body) {
  body = Body{payload, std::nullopt, {}};
  if (detail::check_identifier(payload, Schema<wire::Envelope>::identifier)) return {};

  std::error_code error;
  const auto* envelope = verify<wire::Envelope>(payload, error);
  if (envelope == nullptr) return error;
  if (envelope->body() == nullptr || envelope->sequence() == 0) return Errc::malformed_payload;

  body.origin = Origin{envelope->epoch(), envelope->sequence()};
  body.bytes = std::as_bytes(std::span(envelope->body()->data(), envelope->body()->size()));
  if (reinterpret_cast<std::uintptr_t>(body.bytes.data()) % kBodyAlignment != 0) {
    body.aligned.assign(body.bytes.begin(), body.bytes.end());
    body.bytes = body.aligned;
  }
  return {};
}

std::vector<std::byte> seal_envelope(const Origin& origin, std::span<const std::byte> body) {
  flatbuffers::FlatBufferBuilder builder(body.size() + 64);
  builder.ForceVectorAlignment(body.size(), 1, kBodyAlignment);
  const auto vector = builder.CreateVector(data_of(body), body.size());
  wire::EnvelopeBuilder envelope(builder);
  envelope.add_epoch(origin.epoch);
  envelope.add_body(vector);
  envelope.add_sequence(origin.sequence);
  builder.Finish(envelope.Finish(), Schema<wire::Envelope>::identifier.data());
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace holdfast
