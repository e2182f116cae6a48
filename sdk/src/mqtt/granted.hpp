// What the broker grants, what is to be published, and whether the one allows the other. Pure.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "base/failure.hpp"

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

struct Publication {
  MessageId id = 0;
  std::string_view topic;
  std::span<const std::byte> payload;
  Qos qos = Qos::at_least_once;
  Retain retain = Retain::no;
  std::optional<std::chrono::seconds> expiry;  ///< MQTT 5 section 3.3.2.3.3
};

/// What the broker has said with CONNACK that it will not take (MQTT 5 section 3.2.2.3): sending it
/// all the same would end the connection. @return no failure if it may be sent.
Failure why_broker_would_refuse(const Publication& publication, const Granted& granted);

}  // namespace holdfast::mqtt_engine
