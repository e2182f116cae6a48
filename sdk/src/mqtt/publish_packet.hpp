// The packets that carry a message to the broker: PUBLISH and PUBREL (MQTT 5 sections 3.3
// and 3.6; 3.1.1 has the same sections). Pure.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

namespace holdfast::mqtt_engine {

using PacketId = std::uint16_t;

struct Publication {
  MessageId id = 0;
  std::string_view topic;              ///< at most `limits::kMaxTopicBytes`
  std::span<const std::byte> payload;  ///< at most `limits::kMaxPayloadBytes`
  Qos qos = Qos::at_least_once;
  Retain retain = Retain::no;
  std::optional<std::chrono::seconds> expiry{};  ///< MQTT 5 section 3.3.2.3.3
  /// As `Properties` encodes them (base/properties.hpp); not sent with MQTT 3.1.1.
  std::span<const std::byte> properties{};
};

enum class Resent : std::uint8_t { no, yes };

/// How long the PUBLISH is, fixed header included.
std::size_t publish_bytes(const Publication& publication, MqttVersion version);

/// The PUBLISH. @param packet_id not used at QoS 0
std::vector<std::byte> encode_publish(const Publication& publication, MqttVersion version,
                                      PacketId packet_id, Resent resent);

std::vector<std::byte> encode_pubrel(PacketId packet_id);

}  // namespace holdfast::mqtt_engine
