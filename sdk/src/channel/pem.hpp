// PEM files (RFC 7468), read into memory.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::channel {

/// The whole of a file. @return empty if it cannot be read, or is larger than any such file is.
std::optional<std::string> read_text_file(const std::filesystem::path& file);

/// The DER of every CERTIFICATE in the text, in their order. What does not decode is left out.
std::vector<std::vector<std::uint8_t>> read_pem_certificates(std::string_view text);

}  // namespace holdfast::channel
