// What a scripted line carries: MQTT's packets as values, with the bytes that each would have.
// Those that the SDK encodes itself (PUBLISH, PUBREL) come as bytes, and are read here. Pure.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>
#include <holdfast/status.hpp>

#include "mqtt/acknowledgement.hpp"
#include "mqtt/client.hpp"
#include "mqtt/granted.hpp"

namespace holdfast::testing {

// --- To the broker -------------------------------------------------------------------------------

struct Connect {
  mqtt_engine::Login login;
};
struct Subscribe {
  std::uint64_t id = 0;
  std::string filter;
  Qos qos = Qos::at_least_once;
  mqtt_engine::RetainHandling retain = mqtt_engine::RetainHandling::send;
};
struct Publish {
  std::uint16_t packet_id = 0;
  bool again = false;
  std::optional<std::chrono::seconds> expiry;
  Message message;
  std::size_t bytes = 0;
};
/// PUBREL.
struct Release {
  std::uint16_t packet_id = 0;
};
/// PUBACK of a message that the broker has sent.
struct Confirm {
  std::uint64_t number = 0;
};
struct Ping {};
struct Leave {
  bool with_will = false;
};
using Upward = std::variant<Connect, Subscribe, Publish, Release, Confirm, Ping, Leave>;

// --- To the device -------------------------------------------------------------------------------

struct Connack {
  mqtt_engine::Granted granted;
};
/// CONNACK with a reason, or DISCONNECT.
struct Refusal {
  int code = 0;
  std::string reference;  ///< the broker names another one
};
struct Suback {
  std::uint64_t id = 0;
  int code = 0;
};
struct Delivered {
  std::uint64_t number = 0;  ///< to be confirmed; 0 at QoS 0
  Message message;
  std::optional<std::chrono::seconds> expiry;
};
struct Pong {};
/// The broker has closed its end.
struct Ended {};
using Downward =
    std::variant<Connack, Refusal, Suback, mqtt_engine::Acknowledgement, Delivered, Pong, Ended>;

/// Of a PUBLISH that the SDK has encoded. Throws std::logic_error for bytes that are none: the
/// encoder is ours.
Publish read_publish(std::span<const std::byte> packet, MqttVersion version);
/// The same of a PUBREL.
Release read_release(std::span<const std::byte> packet);

/// On the wire, with their fixed headers; 0 for an end of TCP's.
std::size_t bytes_of(const Upward& packet, MqttVersion version);
std::size_t bytes_of(const Downward& packet, MqttVersion version);

/// What its bytes are for.
Cause cause_of(const Upward& packet);
Cause cause_of(const Downward& packet);

}  // namespace holdfast::testing
