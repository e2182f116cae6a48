// One page over HTTP/1.1, for this machine alone: it listens on 127.0.0.1, and whoever may use the
// machine may read the page. For anybody else put a web server with a login in front of it (it has
// to send Host as it is called here).
//
// Threads: one of its own, in which `make_page` is called. Clients are many at a time, each within
// bounds.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace fleet {

class HttpServer {
 public:
  /// @param port  0: a free one
  /// @throws std::system_error if the port is taken
  HttpServer(std::uint16_t port, std::function<std::string()> make_page);
  ~HttpServer();

  std::uint16_t port() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace fleet
