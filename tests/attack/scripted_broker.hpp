// As much of an MQTT 5 broker as one publishing device needs, as the script of a hostile TLS
// server.

#pragma once

#include <functional>
#include <string>

#include "support/event_wait.hpp"
#include "support/hostile_tls_server.hpp"

namespace holdfast::test {

class ScriptedBroker {
 public:
  /// Called in the server's thread after a message was taken and acknowledged.
  using OnMessage = std::function<void(TlsPeer&, const std::string& payload)>;

  explicit ScriptedBroker(OnMessage on_message = {}) : on_message_(std::move(on_message)) {}

  /// Serves one connection until its end. This object must outlive the server.
  std::function<void(TlsPeer&)> script();

  /// Payloads, in the order of their coming over all connections.
  EventLog<std::string>& messages() { return messages_; }

 private:
  bool answer(TlsPeer& peer, const std::string& packet);
  bool take_publish(TlsPeer& peer, const std::string& packet);

  const OnMessage on_message_;
  EventLog<std::string> messages_;
};

}  // namespace holdfast::test
