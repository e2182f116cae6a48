#include "support/haproxy.hpp"

#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "support/ports.hpp"

namespace holdfast::test {
namespace {

constexpr std::chrono::seconds kReadyBound{20};
constexpr int kPortAttempts = 10;
constexpr const char* kProgram = "/usr/sbin/haproxy";

std::string config(const HaproxyOptions& options, std::uint16_t port) {
  std::string text =
      "defaults\n mode tcp\n timeout connect 10s\n"
      " timeout client " +
      options.idle_timeout + "\n timeout server " + options.idle_timeout +
      "\n"
      "frontend tls\n bind 127.0.0.1:" +
      std::to_string(port) +
      "\n tcp-request inspect-delay 10s\n"
      " tcp-request content accept if { req.ssl_hello_type 1 }\n";
  std::string backends;
  const auto add = [&backends](const std::string& name, std::uint16_t to) {
    backends += "backend " + name + "\n server only 127.0.0.1:" + std::to_string(to) + "\n";
  };
  for (const auto& [name, to] : options.by_sni) {
    text += " use_backend " + name + " if { req.ssl_sni -i " + name + " }\n";
    add(name, to);
  }
  text += " default_backend otherwise\n";
  add("otherwise", options.otherwise);
  return text + backends;
}

}  // namespace

bool has_haproxy() {
  return ::access(kProgram, X_OK) == 0;
}

Haproxy::Haproxy(HaproxyOptions options) : options_(std::move(options)) {
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    port_ = unused_port();
    if (launch()) return;
  }
  throw std::runtime_error("haproxy did not start:\n" + log());
}

// Master and worker (-W), in the foreground: the master says when the worker listens.
bool Haproxy::launch() {
  const std::string file = dir_.write("haproxy.cfg", config(options_, port_)).string();
  process_ = Process::spawn({kProgram, "-W", "-f", file});
  return process_->wait_for_line("Loading success", kReadyBound).has_value();
}

}  // namespace holdfast::test
