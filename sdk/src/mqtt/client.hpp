// One MQTT connection through Paho: a new async_client object for each, because Paho 1.3.12 stalls
// for seconds when one is used a second time. Logging in, subscribing, receiving and the end of a
// session are Paho's; publishing is not (publisher.hpp).
//
// Paho calls back on its own threads, with its process-wide lock held. Nothing is done there but to
// put a note into a mailbox; the notes are read on the executor's thread.
//
// Threads: the executor's thread only.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <asio/any_io_executor.hpp>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "base/failure.hpp"
#include "mqtt/granted.hpp"

namespace holdfast::mqtt_engine {

struct Login {
  std::string client_id;
  MqttVersion version = MqttVersion::v5;
  std::string username;
  std::string password;
  std::chrono::seconds session_expiry{0};
  std::chrono::seconds keep_alive{0};
  std::chrono::milliseconds connack_timeout = limits::kConnackTimeout;
  std::optional<Will> will;
};

enum class RetainHandling : std::uint8_t { send = 0, send_if_new = 1 };

struct ClientEvents {
  std::function<void(const Granted&)> logged_in;
  /// The login was refused, or the connection ended.
  std::function<void(Failure)> ended;
  /// The broker answered SUBSCRIBE number `id`; the code is the granted QoS or at least 0x80.
  std::function<void(std::uint64_t id, int code)> subscribed;
  std::function<void(Message)> arrived;
};

class Client {
 public:
  Client(asio::any_io_executor executor, Login login, ClientEvents events);
  /// Hands the Paho object over to be destroyed in the background. The pipe's socket must be
  /// closed, or be closed soon: that is what the background waits for.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Dials the relay on this port of 127.0.0.1 and logs in.
  Failure connect(std::uint16_t port);
  Failure subscribe(std::uint64_t id, const std::string& filter, Qos qos, RetainHandling retain);
  /// Writes DISCONNECT and closes the pipe.
  void disconnect();

 private:
  class Handle;

  ClientEvents events_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace holdfast::mqtt_engine
