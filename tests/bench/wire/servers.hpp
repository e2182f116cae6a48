// The rivals' servers, from Debian's packages, in the network of the thread that makes them. A
// server that does not come up ends the program with its words.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench::wire {

/// Whether the program is there; looks where a plain user's PATH does not.
std::string find_program(const std::string& name);

/// One TLS listener of the web server.
struct Listener {
  std::filesystem::path cert_file;
  std::filesystem::path key_file;
  bool http2 = false;
};

/// nginx with a location that takes a POST and answers 204, and nothing else changed that shows on
/// the wire.
class Nginx {
 public:
  static bool is_installed() { return !find_program("nginx").empty(); }

  struct Ports {
    std::uint16_t plain = 0;
    std::uint16_t rsa = 0;
    std::uint16_t ecdsa = 0;
    std::uint16_t single = 0;
    std::uint16_t http2 = 0;
  };
  struct Listeners {
    Listener rsa;
    Listener ecdsa;
    Listener single;
    Listener http2;
  };
  explicit Nginx(const Listeners& listeners);

  const Ports& ports() const { return ports_; }

 private:
  test::TempDir dir_;
  Ports ports_;
  std::unique_ptr<test::Process> process_;
};

/// libcoap's own server, over DTLS with a pre-shared key; takes a PUT anywhere.
class CoapServer {
 public:
  static constexpr const char* kProgram = "coap-server-openssl";
  static bool is_installed() { return !find_program(kProgram).empty(); }

  CoapServer();

  std::uint16_t port() const { return port_; }
  static constexpr const char* kIdentity = "truck-00017";
  static constexpr const char* kKey = "0123456789abcdef";

 private:
  std::uint16_t port_ = 0;
  std::unique_ptr<test::Process> process_;
};

}  // namespace holdfast::bench::wire
