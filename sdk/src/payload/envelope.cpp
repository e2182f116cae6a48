#include <algorithm>
#include <limits>

#include <holdfast/payload.hpp>

#include "envelope_generated.h"
#include "payload/envelope.hpp"

namespace holdfast {
namespace {

// What every FlatBuffers scalar can ask for, and so a nested buffer too.
constexpr std::size_t kBodyAlignment = 8;

std::size_t aligned(std::size_t offset) {
  return (offset + kBodyAlignment - 1) / kBodyAlignment * kBodyAlignment;
}

const std::uint8_t* data_of(std::span<const std::byte> bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

// Each size is above zero, so there are no more parts than bytes.
bool split(std::span<const std::byte> bytes, const flatbuffers::Vector<std::uint16_t>& sizes,
           std::vector<std::span<const std::byte>>& parts) {
  std::size_t offset = 0;
  for (const std::uint16_t size : sizes) {
    offset = aligned(offset);
    if (size == 0 || offset > bytes.size() || size > bytes.size() - offset) return false;
    parts.push_back(bytes.subspan(offset, size));
    offset += size;
  }
  return !parts.empty() && offset == bytes.size();
}

}  // namespace

namespace payload {

std::error_code read_envelope(std::span<const std::byte> payload, Body& body) {
  std::error_code error;
  const auto* envelope = verify<wire::Envelope>(payload, error);
  if (envelope == nullptr) return error;
  if (envelope->body() == nullptr) return Errc::malformed_payload;

  body.origin = Origin{envelope->epoch(), envelope->sequence(), 0};
  body.bytes = std::as_bytes(std::span(envelope->body()->data(), envelope->body()->size()));
  if (reinterpret_cast<std::uintptr_t>(body.bytes.data()) % kBodyAlignment != 0) {
    body.aligned.assign(body.bytes.begin(), body.bytes.end());
    body.bytes = body.aligned;
  }
  if (envelope->sizes() != nullptr && !split(body.bytes, *envelope->sizes(), body.parts)) {
    return Errc::malformed_payload;
  }
  return {};
}

bool is_envelope(std::span<const std::byte> payload) {
  return !detail::check_identifier(payload, Schema<wire::Envelope>::identifier);
}

bool fits_envelope(std::span<const std::byte> body) {
  return !body.empty() && body.size() <= std::numeric_limits<std::uint16_t>::max();
}

std::vector<std::byte> write_envelope(const Origin& origin,
                                      std::span<const std::span<const std::byte>> bodies) {
  std::size_t size = 0;
  for (const auto& body : bodies) size = aligned(size) + body.size();
  flatbuffers::FlatBufferBuilder builder(size + 2 * bodies.size() + 64);
  flatbuffers::Offset<flatbuffers::Vector<std::uint16_t>> sizes;
  if (bodies.size() > 1) {
    std::vector<std::uint16_t> each;
    each.reserve(bodies.size());
    for (const auto& body : bodies) each.push_back(static_cast<std::uint16_t>(body.size()));
    sizes = builder.CreateVector(each);
  }
  builder.ForceVectorAlignment(size, 1, kBodyAlignment);
  std::uint8_t* to = nullptr;
  const auto vector = builder.CreateUninitializedVector<std::uint8_t>(size, &to);
  std::size_t offset = 0;
  for (const auto& body : bodies) {
    for (; offset % kBodyAlignment != 0; ++offset) to[offset] = 0;
    std::copy_n(data_of(body), body.size(), to + offset);
    offset += body.size();
  }
  wire::EnvelopeBuilder envelope(builder);
  envelope.add_epoch(origin.epoch);
  if (!sizes.IsNull()) envelope.add_sizes(sizes);
  envelope.add_body(vector);
  envelope.add_sequence(origin.sequence);
  builder.Finish(envelope.Finish(), Schema<wire::Envelope>::identifier.data());
  const auto bytes = as_payload(builder);
  return {bytes.begin(), bytes.end()};
}

}  // namespace payload

std::error_code open_envelope(std::span<const std::byte> payload, Body& body) {
  body = Body{payload, std::nullopt, {}, {}};
  if (!payload::is_envelope(payload)) return {};
  std::error_code error = payload::read_envelope(payload, body);
  if (!error && body.origin->sequence == 0) error = Errc::malformed_payload;
  if (error) body = Body{payload, std::nullopt, {}, {}};
  return error;
}

std::vector<std::byte> seal_envelope(const Origin& origin, std::span<const std::byte> body) {
  return payload::write_envelope(origin, {&body, 1});
}

}  // namespace holdfast
