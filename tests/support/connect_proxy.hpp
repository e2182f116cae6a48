#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::test {

struct ConnectProxyOptions {
  // Target as a client names it (HOST:PORT) to the port of 127.0.0.1 behind it. Others get 502.
  std::map<std::string, std::uint16_t> routes{};
  // The value that Proxy-Authorization must have; others get 407. Empty: anybody is let in.
  std::string authorization{};
  // Sent instead of everything else, whatever is asked; then the connection is closed.
  std::string answer{};
};

// ConnectProxy is an HTTP proxy that knows CONNECT alone, in threads of its own.
class ConnectProxy {
 public:
  explicit ConnectProxy(ConnectProxyOptions options);
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  std::uint16_t port() const;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  // Tunnels opened to this target go there from now on.
  void set_route(const std::string& target, std::uint16_t port);
  // Whole requests, in the order of their coming.
  std::vector<std::string> requests() const;
  std::size_t tunnels() const;
  // Ends every tunnel.
  void cut_all();

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace holdfast::test
