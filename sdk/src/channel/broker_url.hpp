// The broker's address as an app writes it: mqtts://HOST[:PORT].

#pragma once

#include <cstdint>
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

}  // namespace holdfast::channel
