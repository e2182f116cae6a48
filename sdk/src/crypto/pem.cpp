#include "crypto/pem.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>

#include <algorithm>
#include <stdexcept>

namespace holdfast::crypto {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLineChars = 64;

// Characters of base64 alone: wolfCrypt's decoder passes over some others.
std::optional<std::vector<std::uint8_t>> decode(std::string_view body) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  std::string text;
  for (const char character : body) {
    if (character == '\n' || character == '\r' || character == ' ' || character == '\t') continue;
    if (kAlphabet.find(character) == std::string_view::npos) return std::nullopt;
    text += character;
  }
  const auto padding = text.size() - std::min(text.size(), text.find('='));
  if (text.empty() || text.size() % 4 != 0 || padding > 2) return std::nullopt;
  std::vector<std::uint8_t> der(text.size() / 4 * 3);
  auto size = static_cast<word32>(der.size());
  if (Base64_Decode(reinterpret_cast<const byte*>(text.data()), static_cast<word32>(text.size()),
                    der.data(), &size) != 0) {
    return std::nullopt;
  }
  der.resize(size);
  return der;
}

// What stands between the two lines of one block.
bool read_body(std::string_view body, PemBlock& block) {
  block.encrypted = block.label == "ENCRYPTED PRIVATE KEY";
  // The older way to encrypt has header lines (RFC 1421) before the base64.
  if (body.find(':') != std::string_view::npos) {
    block.encrypted = body.find("ENCRYPTED") != std::string_view::npos;
    return block.encrypted;
  }
  auto der = decode(body);
  if (!der) return false;
  block.der = std::move(*der);
  return true;
}

}  // namespace

bool looks_like_pem(std::string_view text) {
  return text.find(kBegin) != std::string_view::npos;
}

std::optional<std::vector<PemBlock>> read_pem(std::string_view text, std::string& why) {
  std::vector<PemBlock> blocks;
  for (;;) {
    const auto begin = text.find(kBegin);
    if (begin == std::string_view::npos) return blocks;
    text.remove_prefix(begin + kBegin.size());
    const auto label_end = text.find(kDashes);
    if (label_end == std::string_view::npos || text.substr(0, label_end).find('\n') != text.npos) {
      why = "a line that begins with " + std::string(kBegin) + "does not end with " +
            std::string(kDashes);
      return std::nullopt;
    }
    PemBlock block{.label = std::string(text.substr(0, label_end))};
    text.remove_prefix(label_end + kDashes.size());
    const std::string end = std::string(kEnd) + block.label + std::string(kDashes);
    const auto body_end = text.find(end);
    if (body_end == std::string_view::npos) {
      why = "the block " + block.label + " has no end";
      return std::nullopt;
    }
    if (!read_body(text.substr(0, body_end), block)) {
      why = "the block " + block.label + " is damaged";
      return std::nullopt;
    }
    text.remove_prefix(body_end + end.size());
    blocks.push_back(std::move(block));
  }
}

std::string write_pem(std::string_view label, Bytes der) {
  std::string text = std::string(kBegin).append(label).append(kDashes) + "\n";
  const std::string body = to_base64(der);
  for (std::size_t at = 0; at < body.size(); at += kLineChars) {
    text += body.substr(at, kLineChars) + "\n";
  }
  return text.append(kEnd).append(label).append(kDashes) + "\n";
}

std::string to_base64(Bytes bytes) {
  if (bytes.empty()) return {};
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  auto size = static_cast<word32>(text.size());
  if (Base64_Encode_NoNl(bytes.data(), static_cast<word32>(bytes.size()),
                         reinterpret_cast<byte*>(text.data()), &size) != 0) {
    throw std::runtime_error("wolfCrypt cannot write base64");
  }
  text.resize(size);
  return text;
}

}  // namespace holdfast::crypto
