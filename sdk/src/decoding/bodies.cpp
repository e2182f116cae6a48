#include "decoding/bodies.hpp"

#include <utility>

namespace holdfast::decoding {
namespace {

// Readings that waited at the same time may share an envelope; a `Body` that knows of that counts
// them.
template <class Opened>
std::vector<std::span<const std::byte>> parts_of(const Opened& body) {
  std::vector<std::span<const std::byte>> parts;
  if constexpr (requires { body.count(); }) {
    for (std::size_t n = 0; n < body.count(); ++n) parts.push_back(body.at(n));
  } else {
    parts.push_back(body.bytes);
  }
  return parts;
}

}  // namespace

std::error_code open_bodies(std::span<const std::byte> payload, Bodies& bodies) {
  Body body;
  if (const auto error = open_envelope(payload, body)) return error;
  bodies.origin = body.origin;
  bodies.parts = parts_of(body);
  bodies.opened = std::move(body);  // which leaves the bytes that spans may point to where they are
  return {};
}

}  // namespace holdfast::decoding
