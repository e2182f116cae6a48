#include "bench/wire/servers.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "bench/harness.hpp"
#include "support/event_wait.hpp"
#include "support/ports.hpp"

namespace holdfast::bench::wire {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadyBound = 20s;

bool accepts(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool up = ::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(socket);
  return up;
}

// A datagram server has nothing that says it is there but the kernel's list of sockets.
bool has_udp_socket(std::uint16_t port) {
  char wanted[8];
  std::snprintf(wanted, sizeof wanted, ":%04X ", port);
  std::ifstream list("/proc/thread-self/net/udp");
  for (std::string line; std::getline(list, line);) {
    if (line.find(wanted) != std::string::npos) return true;
  }
  return false;
}

std::string server_block(std::uint16_t port, const Listener* tls) {
  std::string text = "  server {\n    listen " + std::to_string(port);
  if (tls != nullptr) text += tls->http2 ? " ssl http2" : " ssl";
  text += ";\n";
  if (tls != nullptr) {
    text += "    ssl_certificate " + tls->cert_file.string() + ";\n    ssl_certificate_key " +
            tls->key_file.string() + ";\n    ssl_protocols TLSv1.3;\n";
  }
  return text + "    location / { return 204; }\n  }\n";
}

}  // namespace

std::string find_program(const std::string& name) {
  for (const char* const folder :
       {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return "";
}

Nginx::Nginx(const Listeners& listeners) {
  for (std::uint16_t* port :
       {&ports_.plain, &ports_.rsa, &ports_.ecdsa, &ports_.single, &ports_.http2}) {
    do {
      *port = test::unused_port();
    } while ((port != &ports_.plain && *port == ports_.plain) ||
             (port != &ports_.rsa && *port == ports_.rsa) ||
             (port != &ports_.ecdsa && *port == ports_.ecdsa) ||
             (port != &ports_.single && *port == ports_.single));
  }
  const std::string folder = dir_.path().string();
  std::string config = "daemon off;\nmaster_process off;\nworker_processes 1;\npid " + folder +
                       "/pid;\nerror_log stderr warn;\nevents {}\nhttp {\n  access_log off;\n";
  for (const char* const kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    config += std::string("  ") + kind + "_temp_path " + folder + "/" + kind + ";\n";
  }
  config += server_block(ports_.plain, nullptr) + server_block(ports_.rsa, &listeners.rsa) +
            server_block(ports_.ecdsa, &listeners.ecdsa) +
            server_block(ports_.single, &listeners.single) +
            server_block(ports_.http2, &listeners.http2) + "}\n";
  const std::string file = dir_.write("nginx.conf", config).string();
  process_ = test::Process::spawn({find_program("nginx"), "-p", folder, "-c", file});
  if (!test::eventually([&] { return accepts(ports_.http2) || !process_->running(); },
                        kReadyBound) ||
      !process_->running()) {
    give_up("nginx did not come up: " + process_->output());
  }
}

CoapServer::CoapServer() {
  // It takes the port after the one that it is given for DTLS.
  const std::uint16_t plain = test::unused_port();
  port_ = static_cast<std::uint16_t>(plain + 1);
  process_ = test::Process::spawn({find_program(kProgram), "-A", "0.0.0.0", "-p",
                                   std::to_string(plain), "-d", "10", "-k", kKey, "-v", "4"});
  if (!test::eventually([&] { return has_udp_socket(port_) || !process_->running(); },
                        kReadyBound) ||
      !process_->running()) {
    give_up("the CoAP server did not come up: " + process_->output());
  }
}

}  // namespace holdfast::bench::wire
