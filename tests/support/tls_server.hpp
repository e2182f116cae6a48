#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/keys.hpp"
#include "support/process.hpp"

namespace holdfast::test {

// OpensslServer is `openssl s_server` on an ephemeral port of 127.0.0.1: a TLS peer
// that is not an MQTT broker. It serves one client after the other, sends the
// identity's intermediates, and shows what clients send in output(). Extra
// arguments choose versions, groups and so on ("-tls1_2", "-groups", "P-384").
class OpensslServer {
 public:
  // Returns when it accepts; throws std::runtime_error with its words otherwise.
  explicit OpensslServer(const Identity& identity, std::vector<std::string> extra_arguments = {});

  std::uint16_t port() const { return port_; }
  // All that it has printed; what a client sent is in it as text.
  std::string output() const { return process_->output(); }
  std::optional<std::string> wait_output(std::string_view substring,
                                         std::chrono::milliseconds bound) const {
    return process_->wait_for_line(substring, bound);
  }
  // Sends text to the present client. A line that begins with Q ends the server
  // (other capitals are commands too, see s_server(1)).
  bool send(std::string_view text) { return process_->write_input(text); }
  bool running() const { return process_->running(); }
  void stop() { process_->terminate(); }

 private:
  std::unique_ptr<Process> process_;
  std::uint16_t port_ = 0;
};

}  // namespace holdfast::test
