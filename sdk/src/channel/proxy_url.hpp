// The HTTP proxy as an app writes it: http://[USER:PASSWORD@]HOST:PORT.

#pragma once

#include <string>
#include <string_view>

#include "channel/broker_url.hpp"

namespace holdfast::channel {

struct ProxyUrl {
  BrokerUrl server;
  /// The value of Proxy-Authorization (RFC 7617, Basic); empty: none. A secret.
  std::string authorization;
};

/// @throws ConfigError naming what is wrong in `text`; a password is never repeated.
ProxyUrl parse_proxy_url(std::string_view text);

}  // namespace holdfast::channel
