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

[[noreturn]] void refuse(std::string_view text, std::string_view mend) {
  throw ConfigError("broker", text, mend);
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

std::uint16_t parse_port(std::string_view text, std::string_view port) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error != std::errc() || end != port.data() + port.size() || value == 0 || value > 65'535) {
    refuse(text, "the port must be a number from 1 to 65535");
  }
  return static_cast<std::uint16_t>(value);
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
  if (text.starts_with("mqtt://") || text.starts_with("tcp://")) {
    refuse(text,
           "Holdfast does not speak MQTT without TLS; write mqtts://HOST:PORT, with the port of "
           "the broker's TLS listener (8883 as a rule)");
  }
  if (!text.starts_with(kScheme)) refuse(text, "write mqtts://HOST or mqtts://HOST:PORT");
  std::string_view rest = text.substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    refuse(text, "an MQTT address has no path; write mqtts://HOST:PORT");
  }

  BrokerUrl url;
  std::string_view host = rest;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos)
      refuse(text, "the bracket of the IPv6 address is not closed");
    host = rest.substr(1, end - 1);
    std::string_view behind = rest.substr(end + 1);
    if (!behind.empty()) {
      if (behind.front() != ':') refuse(text, "only :PORT may follow the closing bracket");
      url.port = parse_port(text, behind.substr(1));
    }
    std::error_code error;
    asio::ip::make_address_v6(host, error);
    // Asio reads no further than a null character, and takes any zone (the part behind %).
    if (error || host.find_first_not_of(kAddressCharacters) != std::string_view::npos) {
      refuse(text, "what stands in brackets must be an IPv6 address");
    }
    url.is_ip_literal = true;
  } else {
    const auto colon = rest.find(':');
    if (colon != std::string_view::npos) {
      if (rest.find(':', colon + 1) != std::string_view::npos) {
        refuse(text, "an IPv6 address stands in brackets: mqtts://[2001:db8::1]:8883");
      }
      host = rest.substr(0, colon);
      url.port = parse_port(text, rest.substr(colon + 1));
    }
    if (!is_host_name(host)) refuse(text, "the host must be a name or an IP address");
    std::error_code error;
    asio::ip::make_address_v4(host, error);
    url.is_ip_literal = !error;
  }
  url.host = std::string(host);
  return url;
}

}  // namespace holdfast::channel
