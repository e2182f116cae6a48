#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {

struct MosquittoOptions {
  // Opens a TLS listener with this key and certificate chain.
  std::optional<Identity> tls{};
  bool plain_listener = true;
  bool allow_anonymous = true;
  // Name to password; not empty makes a password file.
  std::map<std::string, std::string> users{};
  // Sessions and retained messages survive stop() and start() when set. SIGKILL
  // loses what was not saved yet; see autosave_interval for extra_lines.
  std::optional<std::filesystem::path> persistence_dir{};
  bool set_tcp_nodelay = true;
  int max_inflight_messages = 20;                // Mosquitto's own default; 0 is no limit.
  std::vector<std::string> extra_lines{};        // mosquitto.conf(5), global part.
  std::vector<std::string> plain_extra_lines{};  // In the plain listener's part.
  std::vector<std::string> tls_extra_lines{};    // In the TLS listener's part.
  std::string tls_address = "127.0.0.1";         // Empty: all addresses.
  std::vector<std::pair<std::string, std::string>> environment{};
};

// Mosquitto is a real broker on unused loopback ports, in a process of its own.
// It has no queue limit, so a test sees every message. Not for use by several
// threads at the same time.
class Mosquitto {
 public:
  // Starts nothing yet.
  explicit Mosquitto(MosquittoOptions options = {});

  // start returns when the broker says that it runs. The first start picks the
  // ports (again when somebody was faster), every later one takes the same.
  // Throws std::runtime_error with the broker's log when it does not come up.
  void start();
  // SIGTERM and wait: the broker saves its sessions. Returns the exit status.
  int stop();
  // SIGKILL and wait: the broker vanishes.
  void kill();
  // stop() and start().
  void restart();
  // To be changed only while stopped; for instance another identity.
  MosquittoOptions& options() { return options_; }

  bool running() const { return process_ != nullptr && process_->running(); }
  // SIGSTOP makes a broker that accepts (by the kernel) and never answers.
  bool signal(int signal_number) { return process_ != nullptr && process_->signal(signal_number); }
  // 0 before the first start().
  pid_t pid() const { return process_ == nullptr ? 0 : process_->pid(); }

  // 0 without such a listener and before the first start().
  std::uint16_t tls_port() const { return tls_port_; }
  std::uint16_t plain_port() const { return plain_port_; }

  // The log is that of the present run, or of the last one when stopped; log_type
  // is all, so every packet has its line ("Sending PUBACK to"), and a
  // login "New client connected from".
  std::optional<std::string> wait_log(std::string_view substring,
                                      std::chrono::milliseconds bound) const;
  // True when `count` lines with it have come within `bound`.
  bool wait_log_count(std::string_view substring, std::size_t count,
                      std::chrono::milliseconds bound) const;
  std::size_t count_log(std::string_view substring) const;
  std::string log() const;

 private:
  void pick_ports();
  std::string config() const;
  void write_password_file() const;
  bool launch();

  MosquittoOptions options_;
  TempDir dir_;
  std::uint16_t tls_port_ = 0;
  std::uint16_t plain_port_ = 0;
  bool ports_kept_ = false;
  std::unique_ptr<Process> process_;  // After dir_: ends before its files do.
};

}  // namespace holdfast::test
