#include "channel/broker_url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <asio/ip/address.hpp>

#include <holdfast/error.hpp>

namespace holdfast::channel {
namespace {

constexpr std::string_view kAddressCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:.%-_";

[[noreturn]] void refuse(const UrlForm& form, std::string_view mend) {
  throw ConfigError(form.field, form.shown, mend);
}

bool is_host_name(std::string_view host) {
  // RFC 1123 section 2.1, and the underscore that private networks use; a trailing dot is a root.
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > 253) return false;
  std::size_t label = 0;
  for (const char character : host) {
    if (character == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    const bool valid = std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                       character == '-' || character == '_';
    if (!valid || ++label > 63) return false;
  }
  return label > 0;
}

std::uint16_t parse_port(const UrlForm& form, std::string_view port) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error != std::errc() || end != port.data() + port.size() || value == 0 || value > 65'535) {
    refuse(form, "the port must be a number from 1 to 65535");
  }
  return static_cast<std::uint16_t>(value);
}

// The address in brackets, and what stands behind them.
BrokerUrl parse_bracketed(const UrlForm& form, std::string_view text, std::string_view& behind) {
  const auto end = text.find(']');
  if (end == std::string_view::npos) refuse(form, "the bracket of the IPv6 address is not closed");
  const std::string_view host = text.substr(1, end - 1);
  behind = text.substr(end + 1);
  if (!behind.empty() && behind.front() != ':') {
    refuse(form, "only :PORT may follow the closing bracket");
  }
  std::error_code error;
  asio::ip::make_address_v6(host, error);
  // Asio reads no further than a null character, and takes any zone (the part behind %).
  if (error || host.find_first_not_of(kAddressCharacters) != std::string_view::npos) {
    refuse(form, "what stands in brackets must be an IPv6 address");
  }
  return {.host = std::string(host), .is_ip_literal = true};
}

BrokerUrl parse_name(const UrlForm& form, std::string_view text, std::string_view& behind) {
  const auto colon = std::min(text.find(':'), text.size());
  const std::string_view host = text.substr(0, colon);
  behind = text.substr(colon);
  if (behind.find(':', 1) != std::string_view::npos) {
    refuse(form, "an IPv6 address stands in brackets: " + std::string(form.scheme) +
                     "[2001:db8::1]:8883");
  }
  if (!is_host_name(host)) refuse(form, "the host must be a name or an IP address");
  std::error_code error;
  asio::ip::make_address_v4(host, error);
  return {.host = std::string(host), .is_ip_literal = !error};
}

}  // namespace

std::string BrokerUrl::text() const {
  const bool v6 = is_ip_literal && host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

BrokerUrl parse_broker_url(std::string_view text) {
  constexpr std::string_view kScheme = "mqtts://";
  // First of all: what stands before an @ may be a password, and no message may repeat it.
  if (text.find('@') != std::string_view::npos) {
    throw ConfigError("broker", "mqtts://…@…",
                      "a user name does not belong into the address; set username and password");
  }
  const UrlForm form{"broker", kScheme, text, kDefaultPort};
  if (text.starts_with("mqtt://") || text.starts_with("tcp://")) {
    refuse(form,
           "Holdfast does not speak MQTT without TLS; write mqtts://HOST:PORT, with the port of "
           "the broker's TLS listener (8883 as a rule)");
  }
  if (!text.starts_with(kScheme)) refuse(form, "write mqtts://HOST or mqtts://HOST:PORT");
  return parse_host_and_port(form, text.substr(kScheme.size()));
}

BrokerUrl parse_host_and_port(const UrlForm& form, std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find_first_of("/?#") != std::string_view::npos) {
    refuse(form, "the address has no path; write " + std::string(form.scheme) + "HOST:PORT");
  }
  std::string_view behind;
  BrokerUrl url =
      text.starts_with('[') ? parse_bracketed(form, text, behind) : parse_name(form, text, behind);
  if (!behind.empty()) {
    url.port = parse_port(form, behind.substr(1));
  } else if (form.default_port) {
    url.port = *form.default_port;
  } else {
    refuse(form, "the port is missing; write " + std::string(form.scheme) + "HOST:PORT");
  }
  return url;
}

}  // namespace holdfast::channel
