#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {

struct HaproxyOptions {
  // The name in SNI to the port of 127.0.0.1 behind it.
  std::map<std::string, std::uint16_t> by_sni{};
  // Where everybody else goes.
  std::uint16_t otherwise = 0;
  // HAProxy closes a connection that was silent for so long; its own notation.
  std::string idle_timeout = "1m";
};

// Haproxy passes TLS connections through by the name in their ClientHello, without being able to
// read them, on an unused port of 127.0.0.1. Throws std::runtime_error when it does not come up.
class Haproxy {
 public:
  explicit Haproxy(HaproxyOptions options);

  std::uint16_t port() const { return port_; }
  std::string log() const { return process_->output(); }

 private:
  bool launch();

  HaproxyOptions options_;
  TempDir dir_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

// Whether the program is installed; tests that need it skip otherwise.
bool has_haproxy();

}  // namespace holdfast::test
