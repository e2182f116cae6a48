#include "support/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace holdfast::test {
namespace {

constexpr int kBacklog = 128;

int checked(int result, const char* step) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), step);
  return result;
}

void set_receive_timeout(int fd, std::chrono::milliseconds timeout) {
  const timeval limit{.tv_sec = timeout.count() / 1000,
                      .tv_usec = static_cast<suseconds_t>(timeout.count() % 1000) * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

}  // namespace

std::string ScriptedConnection::receive(std::size_t most) {
  std::string bytes(most, '\0');
  ssize_t got = 0;
  do {
    got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  } while (got < 0 && errno == EINTR);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  server_.record(bytes);
  return bytes;
}

std::string ScriptedConnection::receive_exactly(std::size_t size) {
  std::string all;
  while (all.size() < size) {
    const std::string part = receive(size - all.size());
    if (part.empty()) break;
    all += part;
  }
  return all;
}

void ScriptedConnection::receive_until_closed() {
  while (true) {
    // poll has no timeout: only the peer or the server's end stops this.
    pollfd source{fd_, POLLIN, 0};
    if (::poll(&source, 1, -1) < 0 && errno == EINTR) continue;
    if (receive().empty() || server_.stopping()) return;
  }
}

bool ScriptedConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void ScriptedConnection::finish_sending() {
  ::shutdown(fd_, SHUT_WR);
}

void ScriptedConnection::reset_on_close() {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

ScriptedServer::ScriptedServer(Handler handler, ScriptedServerOptions options)
    : handler_(std::move(handler)), options_(options) {
  try {
    listen();
    stop_fd_ = checked(::eventfd(0, EFD_CLOEXEC), "eventfd");
    thread_ = std::thread([this] { accept_until_stopped(); });
  } catch (...) {
    if (listener_ >= 0) ::close(listener_);
    if (stop_fd_ >= 0) ::close(stop_fd_);
    throw;
  }
}

ScriptedServer::~ScriptedServer() {
  ::eventfd_write(stop_fd_, 1);
  thread_.join();  // From here on there are no new clients.
  ::close(listener_);
  ::close(stop_fd_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const Client& client : clients_) {
      if (client.fd >= 0) ::shutdown(client.fd, SHUT_RDWR);
    }
  }
  for (Client& client : clients_) client.thread.join();
}

void ScriptedServer::listen() {
  sockaddr_storage address{};
  socklen_t size = sizeof(sockaddr_in);
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (options_.family == ScriptedServerOptions::Family::kIPv6) {
    address = {};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    size = sizeof(sockaddr_in6);
  }
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  listener_ = checked(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  checked(::bind(listener_, generic, size), "bind to loopback");
  checked(::listen(listener_, kBacklog), "listen");
  checked(::getsockname(listener_, generic, &size), "getsockname");
  // The port is at the same place in both.
  port_ = ntohs(v4.sin_port);
}

void ScriptedServer::accept_until_stopped() {
  pollfd sources[2] = {{listener_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (true) {
    if (::poll(sources, 2, -1) < 0) continue;  // EINTR
    if (sources[1].revents != 0) return;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;  // It has gone before we came.
    set_receive_timeout(fd, options_.receive_timeout);
    {
      const std::lock_guard lock(mutex_);
      const std::size_t number = clients_.size();
      Client& client = clients_.emplace_back();
      client.fd = fd;
      client.thread = std::thread([this, &client, number] { serve(client, number); });
    }
    changed_.notify_all();
  }
}

void ScriptedServer::serve(Client& client, std::size_t number) {
  int fd = -1;
  {
    const std::lock_guard lock(mutex_);
    fd = client.fd;
  }
  ScriptedConnection connection(*this, fd, number);
  try {
    handler_(connection);
  } catch (const std::exception&) {  // The client sees it: the connection ends.
  }
  {
    // Under the lock, so that the destructor never shuts down a number that has
    // been given to somebody else.
    const std::lock_guard lock(mutex_);
    ::close(client.fd);
    client.fd = -1;
    ++finished_;
  }
  changed_.notify_all();
}

void ScriptedServer::record(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    received_ += bytes.substr(0, options_.max_recorded_bytes - received_.size());
  }
  changed_.notify_all();
}

bool ScriptedServer::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::size_t ScriptedServer::accepts() const {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

bool ScriptedServer::wait_for_accepts(std::size_t count, std::chrono::milliseconds bound) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, bound, [&] { return clients_.size() >= count; });
}

bool ScriptedServer::wait_for_finished(std::size_t count, std::chrono::milliseconds bound) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, bound, [&] { return finished_ >= count; });
}

std::string ScriptedServer::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

bool ScriptedServer::wait_for_received(std::size_t bytes, std::chrono::milliseconds bound) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, bound, [&] { return received_.size() >= bytes; });
}

}  // namespace holdfast::test
