#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "support/hostile_tls_server.hpp"
#include "support/tls13_crypto.hpp"
#include "support/tls13_messages.hpp"
#include "support/tls13_records.hpp"

namespace holdfast::test {

// HostileHandshake is one connection of a HostileTlsServer: the key schedule, the
// server's flight with its deviations, and the reading of what the client sends.
class HostileHandshake {
 public:
  using Note = std::function<void(const std::function<void(HeardFromClient&)>&)>;

  // The server's memory of the tickets that it has handed out.
  struct Sessions {
    std::function<void(const std::string& ticket, std::string secret)> keep;
    std::function<std::string(const std::string& ticket)> find;  // Empty: it is none of these.
  };

  HostileHandshake(ScriptedConnection& connection, const HostileTlsOptions& options,
                   Sessions sessions, Note note);

  // Serves the client until its end.
  void run();

 private:
  friend class TlsPeer;

  enum class Heard { kApplicationData, kOther, kEnd };

  std::string read_client_hello();
  void send_flight();
  void send_tls12_flight();
  std::string send_server_hello();
  void look_at_ticket();
  void send_ticket();
  void send_certificate();
  void send_proof();
  void send_finished();
  void send_early(HostileTlsOptions::EarlyData place);
  void send_in_handshake(std::string_view message);

  void use_handshake_keys(std::string_view shared_secret);
  void use_final_keys_for_sending();
  std::string secret(std::string_view of, std::string_view label) const;

  // Reads one record, notes it and acts upon it.
  Heard listen(std::string& application_data);
  void hear_handshake(std::string_view bytes);
  void hear_message(std::string_view message);
  void hear_finished(std::string_view message);

  ScriptedConnection& connection_;
  const HostileTlsOptions& options_;
  const Sessions sessions_;
  const Note note_;
  tls13::RecordLayer records_;
  tls13::ClientHello client_;
  std::string transcript_;      // All handshake messages up to the server's Finished.
  std::string session_secret_;  // Of the ticket that was taken; empty without one.
  std::string handshake_secret_;
  std::string master_secret_;
  std::string resumption_secret_;
  std::string final_client_secret_;
  std::string unfinished_message_;  // The beginning of a message that goes on in the next record.
  bool client_finished_ = false;
};

}  // namespace holdfast::test
