#include "decoding/bodies.hpp"

#include "envelope_generated.h"

namespace holdfast::decoding {
namespace {

std::span<const std::byte> bytes_of(const flatbuffers::Vector<std::uint8_t>& vector) {
  return std::as_bytes(std::span(vector.data(), vector.size()));
}

}  // namespace

std::error_code open_bodies(std::span<const std::byte> payload, Bodies& bodies) {
  bodies = Bodies{std::nullopt, {payload}};
  if (detail::check_identifier(payload, Schema<wire::Envelope>::identifier)) return {};
  std::error_code error;
  const auto* envelope = verify<wire::Envelope>(payload, error);
  if (envelope == nullptr) return error;
  if (envelope->body() == nullptr || envelope->sequence() == 0) return Errc::malformed_payload;
  bodies.origin = Origin{envelope->epoch(), envelope->sequence()};
  bodies.parts = {bytes_of(*envelope->body())};
  return {};
}

}  // namespace holdfast::decoding
