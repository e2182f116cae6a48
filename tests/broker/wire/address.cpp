#include "wire/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

std::string message_of(int error) {
  return std::generic_category().message(error);
}

std::string text_of(const sockaddr* socket, socklen_t length) {
  char host[NI_MAXHOST] = "";
  char service[NI_MAXSERV] = "";
  ::getnameinfo(socket, length, host, sizeof host, service, sizeof service,
                NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string name = host;
  const bool colons = name.find(':') != std::string::npos;
  return (colons ? "[" + name + "]" : name) + ":" + service;
}

}  // namespace

bool Address::loopback() const {
  if (ipv6()) {
    in6_addr address{};
    std::memcpy(&address, &reinterpret_cast<const sockaddr_in6&>(socket).sin6_addr, sizeof address);
    return IN6_IS_ADDR_LOOPBACK(&address);
  }
  return ntohl(reinterpret_cast<const sockaddr_in&>(socket).sin_addr.s_addr) >> 24 == 127;
}

std::vector<Address> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) {
    throw PeerError(Ending::unreachable, host + " has no address: " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    Address address;
    std::memcpy(&address.socket, one->ai_addr, one->ai_addrlen);
    address.length = one->ai_addrlen;
    address.text = text_of(one->ai_addr, one->ai_addrlen);
    const bool known = std::any_of(addresses.begin(), addresses.end(), [&](const Address& other) {
      return other.text == address.text;
    });
    if (!known) addresses.push_back(std::move(address));
  }
  return addresses;
}

Descriptor connect_to(const Address& address, Deadline deadline) {
  const auto fail = [&](const std::string& why) {
    throw PeerError(Ending::unreachable, address.text + " cannot be reached: " + why);
  };
  Descriptor socket(
      ::socket(address.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) fail(message_of(errno));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.socket), address.length) ==
      0) {
    return socket;
  }
  if (errno != EINPROGRESS) fail(message_of(errno));
  pollfd wanted{socket.get(), POLLOUT, 0};
  while (true) {
    stop_if_interrupted();
    const int ready = ::poll(&wanted, 1, deadline.milliseconds_left());
    if (ready > 0) break;
    if (ready == 0 || errno != EINTR) fail("it does not answer");
  }
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) fail(message_of(error));
  return socket;
}

}  // namespace holdfast::broker_test
