#include "bench/clients/client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "channel/wire_sample.hpp"

namespace holdfast::bench {

std::unique_ptr<Client> make_client(const std::string& name, Use use) {
  if (name == "holdfast") return make_holdfast(std::move(use));
  if (name == "paho") return make_paho(std::move(use));
  if (name == "libmosquitto") return make_mosquitto(std::move(use));
  give_up("unknown client " + name + "; holdfast, paho and libmosquitto are known");
}

std::uint64_t ip_bytes_of_port(std::uint16_t port) {
  for (int descriptor = 0; descriptor < 256; ++descriptor) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
        peer.sin_family == AF_INET && ntohs(peer.sin_port) == port) {
      if (const auto wire = channel::bill_wire(descriptor, false)) return wire->ip_bytes();
    }
  }
  give_up("the client's socket was not found");
}

}  // namespace holdfast::bench
