#include "support/connect_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "support/scripted_server.hpp"

namespace holdfast::test {
namespace {

constexpr std::size_t kMaxRequestBytes = 8192;

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

// One way of a tunnel, as far as it has come. False at its end.
bool pump(int from, int to) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  ssize_t sent = 0;
  while (sent < count) {
    const ssize_t now =
        ::send(to, buffer.data() + sent, static_cast<std::size_t>(count - sent), MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += now;
  }
  return true;
}

void tunnel(int client, int target) {
  for (;;) {
    std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{target, POLLIN, 0}};
    if (::poll(both.data(), both.size(), -1) < 0) continue;
    if (both[0].revents != 0 && !pump(client, target)) return;
    if (both[1].revents != 0 && !pump(target, client)) return;
  }
}

std::string line_after(std::string_view request, std::string_view name) {
  const auto begin = request.find(name);
  if (begin == std::string_view::npos) return "";
  const auto value = request.substr(begin + name.size());
  return std::string(value.substr(0, value.find("\r\n")));
}

}  // namespace

class ConnectProxy::Engine {
 public:
  explicit Engine(ConnectProxyOptions options)
      : options_(std::move(options)),
        server_([this](ScriptedConnection& connection) { serve(connection); }) {}
  ~Engine() { cut_all(); }

  void serve(ScriptedConnection& connection) {
    std::string request;
    while (request.find("\r\n\r\n") == std::string::npos) {
      const std::string more = connection.receive();
      if (more.empty() || request.size() > kMaxRequestBytes) return;
      request += more;
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    if (!options_.answer.empty()) {
      connection.send(options_.answer);
      return;
    }
    if (!options_.authorization.empty() &&
        line_after(request, "\r\nProxy-Authorization: ") != options_.authorization) {
      connection.send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const int target = target_of(request);
    if (target < 0) {
      connection.send("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    connection.send("HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n");
    remember(target, true);
    tunnel(connection.fd(), target);
    remember(target, false);
    ::close(target);
  }

  int target_of(const std::string& request) {
    const std::string line = line_after(request, "CONNECT ");
    const std::string name = line.substr(0, line.find(' '));
    std::uint16_t port = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto route = options_.routes.find(name);
      if (route == options_.routes.end()) return -1;
      port = route->second;
    }
    return connect_to(port);
  }

  void remember(int target, bool open) {
    const std::lock_guard lock(mutex_);
    if (!open) {
      targets_.erase(target);
      return;
    }
    targets_.insert(target);
    ++tunnels_;
  }

  void cut_all() {
    const std::lock_guard lock(mutex_);
    for (const int target : targets_) ::shutdown(target, SHUT_RDWR);
  }

  ConnectProxyOptions options_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::set<int> targets_;
  std::size_t tunnels_ = 0;
  ScriptedServer server_;  // last: its threads use the others
};

ConnectProxy::ConnectProxy(ConnectProxyOptions options)
    : engine_(std::make_unique<Engine>(std::move(options))) {}

ConnectProxy::~ConnectProxy() = default;

std::uint16_t ConnectProxy::port() const {
  return engine_->server_.port();
}

void ConnectProxy::set_route(const std::string& target, std::uint16_t port) {
  const std::lock_guard lock(engine_->mutex_);
  engine_->options_.routes[target] = port;
}

std::vector<std::string> ConnectProxy::requests() const {
  const std::lock_guard lock(engine_->mutex_);
  return engine_->requests_;
}

std::size_t ConnectProxy::tunnels() const {
  const std::lock_guard lock(engine_->mutex_);
  return engine_->tunnels_;
}

void ConnectProxy::cut_all() {
  engine_->cut_all();
}

}  // namespace holdfast::test
