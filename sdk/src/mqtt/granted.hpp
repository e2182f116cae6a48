// What the broker grants, and whether that allows a message. Pure.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "base/failure.hpp"
#include "mqtt/publish_packet.hpp"

namespace holdfast::mqtt_engine {

/// What the broker grants with CONNACK.
struct Granted {
  bool session_present = false;
  std::optional<std::chrono::seconds> server_keep_alive;
  std::size_t receive_maximum = 65'535;
  std::optional<std::size_t> maximum_packet_bytes;
  bool retain_available = true;
  Qos maximum_qos = Qos::exactly_once;
};

/// What the broker has said with CONNACK that it will not take (MQTT 5 section 3.2.2.3): sending it
/// all the same would end the connection. @return no failure if it may be sent.
Failure why_broker_would_refuse(const Publication& publication, MqttVersion version,
                                const Granted& granted);

}  // namespace holdfast::mqtt_engine
