// The HTTPS end of today's fleet, as small as it can be: takes POSTs of JSON and answers 204. It
// stands for the server that is there already, and is no example of one.
//
// Threads: one of its own, in which `take` is called; clients are served one after the other.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace migrate {

class HttpsSink {
 public:
  /// Listens on a free port of 127.0.0.1.
  /// @throws std::exception where the files are no certificate and key, PEM
  HttpsSink(const std::string& certificate, const std::string& key,
            std::function<void(const std::string& body)> take);
  ~HttpsSink();

  std::uint16_t port() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace migrate
