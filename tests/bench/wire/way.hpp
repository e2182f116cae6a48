// One way to send readings, behind one small interface, and what all ways have in common.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "bench/wire/chains.hpp"
#include "bench/wire/servers.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"

namespace holdfast::bench::wire {

/// The servers' name, which every client asks for (SNI, Host) and checks.
inline constexpr const char* kHost = "telemetry.example.com";
/// Every client's name, where it has one.
inline constexpr const char* kClientId = "truck-00017";
/// 17 bytes.
inline constexpr const char* kTopic = "fleet/truck/00017";
inline constexpr const char* kShortTopic = "t";

/// Longer than any exchange on any of the lines.
inline constexpr auto kExchangeBound = std::chrono::seconds(60);

/// Everything on the far side of one line.
struct Stage {
  const test::TempDir* dir = nullptr;
  test::Identity broker_key;
  Chain rsa;
  Chain ecdsa;
  const test::Mosquitto* broker = nullptr;
  Nginx::Ports web;
  std::uint16_t coap_port = 0;
};

/// A device that sends readings, one message after the other. Failures end the program.
class Way {
 public:
  Way() = default;
  virtual ~Way() = default;
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

  /// Makes the session, where there is one; also again after `disconnect`.
  virtual void connect() {}
  /// What a session needs once in its life before the first reading.
  virtual void declare() {}
  /// Sends the next message, and returns when it has been answered, where it is.
  virtual void send() = 0;
  /// Ends the session in order.
  virtual void disconnect() {}
  /// Whether the session rests on an earlier one.
  virtual bool is_resumed() const { return false; }
};

using MakeWay = std::function<std::unique_ptr<Way>(const Stage&)>;

}  // namespace holdfast::bench::wire
