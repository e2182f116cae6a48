// PEM (RFC 7468) and base64 (RFC 4648 section 4), by wolfCrypt. Threads: any.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.hpp"

namespace holdfast::crypto {

struct PemBlock {
  std::string label;  ///< what stands behind BEGIN, for instance "PRIVATE KEY"
  bool encrypted = false;
  std::vector<std::uint8_t> der;  ///< empty for an encrypted block with headers of its own
};

/// Whether there is a block at all; what has none may be DER.
bool looks_like_pem(std::string_view text);

/// All blocks, in order; text around them is skipped. @return empty and `why` set if one is
/// damaged.
std::optional<std::vector<PemBlock>> read_pem(std::string_view text, std::string& why);

std::string write_pem(std::string_view label, Bytes der);

/// One line, with padding.
std::string to_base64(Bytes bytes);

}  // namespace holdfast::crypto
