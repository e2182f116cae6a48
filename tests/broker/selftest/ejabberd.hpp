// ejabberd with its module for MQTT, in a process of the test's own, on an unused port of loopback.
//
// Threads: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::broker_test {

struct EjabberdOptions {
  test::Identity tls;
  std::string user;  ///< without its host: it logs in as USER@localhost
  std::string password;
};

class Ejabberd {
 public:
  /// Whether Debian's ejabberd is there; tests that need it skip otherwise.
  static bool installed();
  /// "23.01-1", of what is installed.
  static std::string version();

  /// Starts it. @throws std::runtime_error with its log if it does not come up
  explicit Ejabberd(EjabberdOptions options);

  std::uint16_t port() const { return port_; }
  std::string log() const { return process_->output(); }

 private:
  void write_config() const;
  bool launch();

  EjabberdOptions options_;
  test::TempDir dir_;
  std::uint16_t port_ = 0;
  std::unique_ptr<test::Process> process_;  // After dir_: ends before its files do.
};

}  // namespace holdfast::broker_test
