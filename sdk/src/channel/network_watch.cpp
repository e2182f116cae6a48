#include "channel/network_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace holdfast::channel {
namespace {

// The kernel's own datagrams end at 16 KiB or a page, whichever is larger (NLMSG_GOODSIZE is
// below).
constexpr std::size_t kReadBytes = std::size_t{32} * 1024;

Failure refused(const char* what) {
  return {Errc::system_failure, std::string("changes of the network are not seen (") + what + ": " +
                                    std::error_code(errno, std::generic_category()).message() +
                                    "); after one, the next attempt comes when the backoff ends"};
}

}  // namespace

NetworkWatch::NetworkWatch(const asio::any_io_executor& executor, Handler handler)
    : socket_(executor), handler_(std::move(handler)) {}

Failure NetworkWatch::start() {
  const int descriptor =
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return refused("socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE;
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    Failure failure = refused("bind");
    ::close(descriptor);
    return failure;
  }
  socket_.assign(descriptor);
  wait();
  return {};
}

void NetworkWatch::wait() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [this, alive = std::weak_ptr(alive_)](const std::error_code& error) {
                       if (error || alive.expired()) return;
                       NetworkChanges::Seen seen;
                       while (read(seen)) {
                       }
                       wait();
                       // Last: the handler may destroy us.
                       if (seen.appeared || seen.went) handler_(seen);
                     });
}

// @return whether there may be more.
bool NetworkWatch::read(NetworkChanges::Seen& seen) {
  std::array<std::uint8_t, kReadBytes> buffer;  // NOLINT: filled by recvfrom
  sockaddr_nl from{};
  socklen_t size = sizeof from;
  const ssize_t count = ::recvfrom(socket_.native_handle(), buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
  if (count < 0) {
    // The kernel had to drop some: they may have been anything.
    if (errno == ENOBUFS) seen = {.appeared = true, .went = true};
    return errno == ENOBUFS || errno == EINTR;
  }
  if (size != sizeof from || from.nl_pid != 0) return true;  // not the kernel
  const auto now = changes_.take(std::span(buffer).first(static_cast<std::size_t>(count)));
  seen.appeared |= now.appeared;
  seen.went |= now.went;
  return true;
}

}  // namespace holdfast::channel
