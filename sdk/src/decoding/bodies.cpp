#include "decoding/bodies.hpp"

#include <utility>

namespace holdfast::decoding {
std::error_code open_bodies(std::span<const std::byte> payload, Bodies& bodies) {
  Body body;
  if (const auto error = open_envelope(payload, body)) return error;
  bodies.origin = body.origin;
  bodies.parts.clear();
  for (std::size_t n = 0; n < body.count(); ++n) bodies.parts.push_back(body.at(n));
  bodies.opened = std::move(body);  // which leaves the bytes that spans may point to where they are
  return {};
}

}  // namespace holdfast::decoding
