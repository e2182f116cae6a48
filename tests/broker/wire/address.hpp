// Where a broker is: the addresses of its name.

#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "wire/deadline.hpp"

namespace holdfast::broker_test {

struct Address {
  sockaddr_storage socket{};
  socklen_t length = 0;
  std::string text;  ///< "192.0.2.1:8883"

  bool ipv6() const { return socket.ss_family == AF_INET6; }
  bool loopback() const;
};

/// All of them, in the resolver's order; none twice. @throws PeerError
std::vector<Address> resolve(const std::string& host, std::uint16_t port);

/// A TCP connection, non-blocking, without Nagle's delay. @throws PeerError
Descriptor connect_to(const Address& address, Deadline deadline);

}  // namespace holdfast::broker_test
