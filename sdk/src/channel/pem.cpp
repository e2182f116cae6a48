#include "channel/pem.hpp"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>

#include <fstream>
#include <iterator>

namespace holdfast::channel {
namespace {

// The bundle of all public authorities has about 220 KiB.
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{4} * 1024 * 1024;

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

}  // namespace

std::optional<std::string> read_text_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  const auto size = std::filesystem::file_size(file, error);
  if (error || size > kMaxFileBytes) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return stream.bad() ? std::nullopt : std::optional(std::move(text));
}

std::vector<std::vector<std::uint8_t>> read_pem_certificates(std::string_view text) {
  std::vector<std::vector<std::uint8_t>> certificates;
  for (std::size_t begin = text.find(kBegin); begin != std::string_view::npos;
       begin = text.find(kBegin, begin + 1)) {
    const std::size_t end = text.find(kEnd, begin);
    if (end == std::string_view::npos) break;
    // wolfSSL wants the line's end behind the last line.
    const std::string block(std::string(text.substr(begin, end + kEnd.size() - begin)) + "\n");
    std::vector<std::uint8_t> der(block.size());
    const int size = wc_CertPemToDer(reinterpret_cast<const unsigned char*>(block.data()),
                                     static_cast<int>(block.size()), der.data(),
                                     static_cast<int>(der.size()), CERT_TYPE);
    if (size <= 0) continue;
    der.resize(static_cast<std::size_t>(size));
    certificates.push_back(std::move(der));
  }
  return certificates;
}

}  // namespace holdfast::channel
