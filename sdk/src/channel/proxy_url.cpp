#include "channel/proxy_url.hpp"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>

#include <charconv>
#include <optional>
#include <stdexcept>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

namespace holdfast::channel {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kForm = "write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT";

// RFC 3986 section 2.1. @return empty for a percent sign without two hexadecimal digits
std::optional<std::string> decode_percent(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

std::string encode_base64(std::string_view text) {
  word32 size = static_cast<word32>((text.size() + 2) / 3 * 4 + 1);
  std::vector<byte> encoded(size);
  if (Base64_Encode_NoNl(reinterpret_cast<const byte*>(text.data()),
                         static_cast<word32>(text.size()), encoded.data(), &size) != 0) {
    throw std::runtime_error("wolfCrypt cannot encode base64");
  }
  return {encoded.begin(), encoded.begin() + size};
}

std::string authorization_of(std::string_view shown, std::string_view user_info) {
  const auto colon = user_info.find(':');
  const auto user = decode_percent(user_info.substr(0, colon));
  const auto password = colon == std::string_view::npos
                            ? std::optional<std::string>("")
                            : decode_percent(user_info.substr(colon + 1));
  if (!user || !password) {
    throw ConfigError("proxy", shown,
                      "a percent sign in the user name or password is written %25, and others "
                      "like it as % and two hexadecimal digits");
  }
  if (user->empty() || user->find(':') != std::string::npos) {
    throw ConfigError("proxy", shown, "the user name is empty or has a colon (RFC 7617)");
  }
  if (user->size() > limits::kMaxProxyCredentialBytes ||
      password->size() > limits::kMaxProxyCredentialBytes) {
    throw ConfigError("proxy", shown,
                      "user name and password have at most " +
                          std::to_string(limits::kMaxProxyCredentialBytes) + " bytes each");
  }
  return "Basic " + encode_base64(*user + ":" + *password);
}

}  // namespace

ProxyUrl parse_proxy_url(std::string_view text) {
  // What stands before the last @ may be a password, and no message may repeat it.
  const auto at = text.rfind('@');
  const std::string shown =
      at == std::string_view::npos ? std::string(text) : "…" + std::string(text.substr(at));
  if (text.starts_with("https://") || text.starts_with("socks")) {
    throw ConfigError("proxy", shown,
                      "only HTTP proxies that take CONNECT over a plain connection are supported; "
                      "TLS goes through the tunnel");
  }
  if (!text.starts_with(kScheme)) throw ConfigError("proxy", shown, kForm);
  std::string_view rest = text.substr(kScheme.size());

  ProxyUrl url;
  if (at != std::string_view::npos) {
    const std::string_view user_info = text.substr(kScheme.size(), at - kScheme.size());
    if (user_info.find_first_of("/?#@") != std::string_view::npos) {
      throw ConfigError("proxy", shown,
                        "in the user name and password / is written %2F, ? %3F, # %23 and @ %40");
    }
    url.authorization = authorization_of(shown, user_info);
    rest = text.substr(at + 1);
  }
  url.server = parse_host_and_port({"proxy", "http://", shown, std::nullopt}, rest);
  return url;
}

}  // namespace holdfast::channel
