#include "support/ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <random>
#include <system_error>

namespace holdfast::test {
namespace {

constexpr unsigned kLowestPort = 10'000;
constexpr unsigned kFewestPorts = 1'000;
constexpr int kAttempts = 200;

// try_bind returns the port that it got (`port` itself unless that is 0). No
// SO_REUSEADDR on purpose: a port with connections in TIME_WAIT is not unused.
std::optional<std::uint16_t> try_bind(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
  ::close(fd);
  if (!bound) return std::nullopt;
  return ntohs(address.sin_port);
}

unsigned lowest_outgoing_port() {
  std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
  unsigned lowest = 0;
  range >> lowest;
  return lowest;
}

}  // namespace

std::uint16_t unused_port() {
  const unsigned end = lowest_outgoing_port();
  if (end >= kLowestPort + kFewestPorts) {
    std::random_device seed;
    std::uniform_int_distribution<unsigned> any(kLowestPort, end - 1);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (const auto port = try_bind(static_cast<std::uint16_t>(any(seed)))) return *port;
    }
  }
  // The machine keeps no room below its range: the kernel's choice must do.
  if (const auto port = try_bind(0)) return *port;
  throw std::system_error(errno, std::generic_category(), "no unused port on 127.0.0.1");
}

}  // namespace holdfast::test
