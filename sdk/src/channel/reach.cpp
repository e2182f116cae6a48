#include "channel/reach.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "channel/http_tunnel.hpp"

namespace holdfast::channel {

Route route_to(const BrokerUrl& broker, const Reach& reach) {
  Route route{.network_interface = reach.network_interface};
  if (reach.proxy) {
    route.tunnel = Route::Tunnel{.request = connect_request(broker, *reach.proxy),
                                 .broker = broker.text(),
                                 .proxy = reach.proxy->server.text()};
  }
  return route;
}

Failure leave_through(int socket, const std::string& network_interface) {
  if (network_interface.empty()) return {};
  if (::setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, network_interface.c_str(),
                   static_cast<socklen_t>(network_interface.size() + 1)) == 0) {
    return {};
  }
  const int why = errno;
  if (why == ENODEV) {
    return {Errc::unreachable, "there is no network interface " + network_interface +
                                   " (now); check network_interface, or wait for the modem"};
  }
  const std::string text = std::error_code(why, std::generic_category()).message();
  return {Errc::system_failure, "connections cannot be bound to the network interface " +
                                    network_interface + ": " + text +
                                    "; kernels before 5.7 want CAP_NET_RAW"};
}

}  // namespace holdfast::channel
