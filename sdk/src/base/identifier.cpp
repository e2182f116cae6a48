#include <cstring>

#include <holdfast/payload.hpp>

namespace holdfast::detail {

std::error_code check_identifier(std::span<const std::byte> bytes, std::string_view identifier) {
  // A finished buffer begins with the offset of its root; the identifier follows.
  constexpr std::size_t kOffsetBytes = sizeof(std::uint32_t);
  constexpr std::size_t kIdentifierBytes = 4;
  if (bytes.size() < kOffsetBytes + kIdentifierBytes) return Errc::malformed_payload;
  if (std::memcmp(bytes.data() + kOffsetBytes, identifier.data(), kIdentifierBytes) != 0) {
    return Errc::foreign_payload;
  }
  return {};
}

}  // namespace holdfast::detail
