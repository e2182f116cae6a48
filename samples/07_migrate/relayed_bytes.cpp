#include "relayed_bytes.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace migrate {
namespace {

using namespace std::chrono_literals;
using sample::Descriptor;

// Loopback has packets of 64 KiB; what is counted is what an Ethernet or a modem would carry.
constexpr int kSegmentBytes = 1'460;
constexpr std::uint64_t kIpAndTcpHeader = 40;
constexpr std::uint64_t kTimestamps = 12;  // RFC 7323, in each segment where they are on
// SYN and its answer, with the options that Linux sends: the counters begin behind them.
constexpr std::uint64_t kOpening = 2 * 60;
// TCP_CLOSE of <netinet/tcp.h>, whose tcp_info lacks what is read here.
constexpr std::uint8_t kTcpClosed = 7;
// After the last byte each side's FIN has to be acknowledged: a matter of microseconds on loopback.
constexpr auto kClosingBound = 2s;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

Descriptor make_socket() {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  return fd;
}

void set_option(int fd, int option, int value) {
  if (::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value) != 0) fail("setsockopt");
}

tcp_info counters_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) fail("TCP_INFO");
  return info;
}

// Passes bytes on until the end, which is passed on as well.
void pump(int from, int to) {
  std::array<char, 16'384> buffer{};
  for (;;) {
    const ssize_t size = ::recv(from, buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    for (ssize_t sent = 0; sent < size;) {
      const ssize_t now =
          ::send(to, buffer.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
      if (now <= 0) break;
      sent += now;
    }
  }
  ::shutdown(to, SHUT_WR);
}

void wait_until_closed(int fd) {
  const auto end = std::chrono::steady_clock::now() + kClosingBound;
  // The kernel has no event for the last acknowledgement.
  while (counters_of(fd).tcpi_state != kTcpClosed && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

RelayedBytes::RelayedBytes(std::uint16_t target) : target_(target), listener_(make_socket()) {
  set_option(listener_.get(), TCP_MAXSEG, kSegmentBytes);
  set_option(listener_.get(), TCP_NODELAY, 1);  // those that are accepted inherit both
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
  if (::listen(listener_.get(), SOMAXCONN) != 0) fail("listen");
  if (::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("getsockname");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_clients(); });
}

RelayedBytes::~RelayedBytes() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  for (Link& link : links_) {
    ::shutdown(link.client.get(), SHUT_RDWR);
    ::shutdown(link.server.get(), SHUT_RDWR);
  }
  end_links();
}

void RelayedBytes::accept_clients() {
  for (;;) {
    Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!client) return;
    Descriptor server = make_socket();
    set_option(server.get(), TCP_NODELAY, 1);
    const sockaddr_in address = loopback(target_);
    if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      continue;  // the client sees the end of its connection
    }
    const std::lock_guard lock(mutex_);
    Link& link = links_.emplace_back();
    link.client = std::move(client);
    link.server = std::move(server);
    link.up = std::thread(pump, link.client.get(), link.server.get());
    link.down = std::thread(pump, link.server.get(), link.client.get());
  }
}

void RelayedBytes::end_links() {
  for (Link& link : links_) {
    if (link.up.joinable()) link.up.join();
    if (link.down.joinable()) link.down.join();
  }
}

WireCount RelayedBytes::finish() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  end_links();
  WireCount count;
  for (const Link& link : links_) {
    wait_until_closed(link.client.get());
    const tcp_info info = counters_of(link.client.get());
    const bool timestamps = (info.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
    const std::uint64_t header = kIpAndTcpHeader + (timestamps ? kTimestamps : 0);
    const std::uint64_t segments = info.tcpi_segs_in + std::uint64_t{info.tcpi_segs_out};
    ++count.connections;
    count.segments += segments + 2;
    count.ip_bytes +=
        kOpening + segments * header + info.tcpi_bytes_received + info.tcpi_bytes_sent;
  }
  return count;
}

}  // namespace migrate
