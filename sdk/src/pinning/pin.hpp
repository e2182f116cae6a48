// Pins: the SHA-256 of a DER SubjectPublicKeyInfo (RFC 7469 section 2.4), as text and as bytes.
// Pure logic: key digests in, verdict out.

#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/options.hpp>

namespace holdfast::pinning {

inline constexpr std::size_t kDigestBytes = 32;

struct Pin {
  std::array<std::uint8_t, kDigestBytes> digest{};

  /// `sha256/` and the standard base64 of the digest.
  std::string text() const;

  friend auto operator<=>(const Pin&, const Pin&) = default;
};

/// Reads `sha256/BASE64` or `sha256//BASE64`. @return empty and `reason` set for anything else.
std::optional<Pin> parse_pin(std::string_view text, std::string& reason);

/// The pins of one broker as an app writes them, checked. Never empty.
class PinSet {
 public:
  /// @throws ConfigError naming the pin that is wrong, or how many are missing.
  /// @param field the option that they were written in
  PinSet(const std::vector<std::string>& texts, PinCount count, const std::string& field = "pins");

  const std::vector<Pin>& pins() const { return pins_; }

 private:
  std::vector<Pin> pins_;
};

}  // namespace holdfast::pinning
