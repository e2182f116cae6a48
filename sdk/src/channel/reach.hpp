// How connections leave this device, whatever broker they go to.

#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <holdfast/limits.hpp>

#include "base/failure.hpp"
#include "channel/proxy_url.hpp"

namespace holdfast::channel {

struct Reach {
  std::optional<ProxyUrl> proxy{};  ///< then the broker's name is resolved by the proxy
  std::string network_interface{};  ///< empty: as the routes say
  std::chrono::seconds address_lifetime = limits::kAddressLifetime;
};

/// What one channel needs to know of it.
struct Route {
  std::string network_interface{};  ///< empty: as the routes say
  /// With a proxy: the request for a tunnel, and who is who for messages to a person.
  struct Tunnel {
    std::string request;
    std::string broker;
    std::string proxy;
  };
  std::optional<Tunnel> tunnel{};
};

Route route_to(const BrokerUrl& broker, const Reach& reach);

/// Has a socket that is not connected yet leave through this interface alone; with an empty name as
/// the routes say.
Failure leave_through(int socket, const std::string& network_interface);

}  // namespace holdfast::channel
