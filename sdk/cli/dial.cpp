#include "dial.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include <holdfast/limits.hpp>

#include "channel/http_tunnel.hpp"
#include "channel/wire_sample.hpp"
#include "command.hpp"

namespace holdfast::cli {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// What a lookup leaves, shared with a thread that may outlive the one who asked.
struct Lookup {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  int error = 0;
  Addresses addresses;
};

[[noreturn]] void fail(const std::string& what, const std::string& value, const char* mend) {
  throw CommandError(kNotReachable, what, value, mend);
}

// getaddrinfo has no bound of its own, so it runs on a thread that may be left behind.
Addresses resolve(const channel::BrokerUrl& server, Deadline deadline) {
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host = server.host, port = std::to_string(server.port)] {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    const std::lock_guard lock(lookup->mutex);
    lookup->done = true;
    lookup->error = error;
    if (error == 0) lookup->addresses.reset(list);
    lookup->changed.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  if (!lookup->changed.wait_until(lock, deadline, [&] { return lookup->done; })) {
    fail(server.host + " was not resolved in time", "",
         "check the name server, or raise --timeout");
  }
  if (lookup->error != 0) {
    fail(server.host + " has no address", ::gai_strerror(lookup->error), "check the name");
  }
  return std::move(lookup->addresses);
}

std::string text_of(const addrinfo& address, std::uint16_t port) {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(address.ai_addr, address.ai_addrlen, host.data(), host.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "?";
  }
  channel::BrokerUrl url{.host = host.data(), .port = port, .is_ip_literal = true};
  return url.text();
}

// 0, or the error.
int connect_by(int fd, const addrinfo& address, Deadline deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(fd, Wait::to_write, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

std::string why_not_connected(int fd, const addrinfo& address, Deadline deadline,
                              const channel::Route& route) {
  if (fd < 0) return std::strerror(errno);
  if (const Failure failure = channel::leave_through(fd, route.network_interface)) {
    return failure.detail;
  }
  const int error = connect_by(fd, address, deadline);
  return error == 0 ? "" : std::strerror(error);
}

// What follows the answer is the server's, and a TLS server says nothing before it is spoken to.
void open_tunnel(int fd, const channel::Route::Tunnel& tunnel, Deadline deadline) {
  channel::TunnelReply reply(tunnel.broker, tunnel.proxy);
  // It is one segment, which a fresh socket takes at once.
  (void)::send(fd, tunnel.request.data(), tunnel.request.size(), MSG_NOSIGNAL);
  std::array<std::uint8_t, 4096> bytes{};
  for (;;) {
    if (!wait_for(fd, Wait::to_read, deadline)) {
      fail("the proxy " + tunnel.proxy + " does not answer", "", "");
    }
    const auto count = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) fail("the proxy " + tunnel.proxy + " hung up before it answered", "", "");
    std::size_t taken = 0;
    switch (reply.feed(std::span(bytes).first(static_cast<std::size_t>(count)), taken)) {
      case channel::TunnelReply::Step::need_input:
        continue;
      case channel::TunnelReply::Step::failed:
        fail(reply.failure().detail, "", "");
      case channel::TunnelReply::Step::opened:
        return;
    }
  }
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

bool wait_for(int fd, Wait what, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() < 0) return false;
    pollfd waiting{
        .fd = fd, .events = what == Wait::to_read ? short{POLLIN} : short{POLLOUT}, .revents = 0};
    // A millisecond more than is left: poll rounds down, and would be asked in a tight loop.
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count() + 1, 3'600'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Dialled dial(const channel::BrokerUrl& target, Deadline deadline, const channel::Route& route) {
  const Addresses addresses = resolve(target, deadline);
  std::string failures;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Dialled dialled{.socket = Socket(::socket(address->ai_family,
                                              SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
                    .address = text_of(*address, target.port),
                    .is_ipv6 = address->ai_family == AF_INET6};
    const std::string why = why_not_connected(dialled.socket.get(), *address, deadline, route);
    if (why.empty()) {
      if (route.tunnel) open_tunnel(dialled.socket.get(), *route.tunnel, deadline);
      return dialled;
    }
    failures += (failures.empty() ? "" : ", ") + dialled.address + ": " + why;
  }
  fail(target.text() + " cannot be reached", failures, "check host, port and network");
}

std::uint64_t hang_up(const Dialled& dialled, Deadline deadline) {
  const int fd = dialled.socket.get();
  (void)::shutdown(fd, SHUT_WR);
  const auto until = std::min(deadline, std::chrono::steady_clock::now() + limits::kCloseTimeout);
  std::array<std::uint8_t, 4096> rest{};
  ssize_t count = 1;
  while (count > 0 && wait_for(fd, Wait::to_read, until)) {
    count = ::recv(fd, rest.data(), rest.size(), 0);
  }
  auto counters = channel::sample_wire(fd, dialled.is_ipv6);
  if (!counters) return 0;
  counters->fin_came = count == 0;
  return ledger::WireMeter().bill(*counters, {}).ip_bytes();
}

}  // namespace holdfast::cli
