// The broker's address as an app writes it: mqtts://HOST[:PORT].

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::channel {

inline constexpr std::uint16_t kDefaultPort = 8883;  // IANA: secure-mqtt

struct BrokerUrl {
  std::string host;  ///< a name or an IP literal, without brackets
  std::uint16_t port = kDefaultPort;
  bool is_ip_literal = false;  ///< then there is no name to resolve and none for SNI (RFC 6066)

  /// For messages to a person: HOST:PORT, with brackets where they belong.
  std::string text() const;
};

/// @throws ConfigError naming what is wrong in `text`.
BrokerUrl parse_broker_url(std::string_view text);

/// What a complaint about an address says.
struct UrlForm {
  std::string_view field;                     ///< of the options
  std::string_view scheme;                    ///< with its slashes
  std::string_view shown;                     ///< the whole text, without secrets
  std::optional<std::uint16_t> default_port;  ///< none: the port must be written
};

/// HOST[:PORT], for addresses of every scheme.
/// @throws ConfigError naming what is wrong.
BrokerUrl parse_host_and_port(const UrlForm& form, std::string_view text);

}  // namespace holdfast::channel
