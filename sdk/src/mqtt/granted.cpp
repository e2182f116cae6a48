#include "mqtt/granted.hpp"

#include <string>

namespace holdfast::mqtt_engine {

Failure why_broker_would_refuse(const Publication& publication, MqttVersion version,
                                const Granted& granted) {
  const std::size_t bytes = publish_bytes(publication, version);
  if (granted.maximum_packet_bytes && bytes > *granted.maximum_packet_bytes) {
    return {Errc::payload_too_large, "a payload of " + std::to_string(publication.payload.size()) +
                                         " bytes makes a packet of " + std::to_string(bytes) +
                                         " bytes; the broker takes packets of at most " +
                                         std::to_string(*granted.maximum_packet_bytes) + " bytes"};
  }
  if (publication.qos > granted.maximum_qos) {
    return {Errc::refused_by_broker, "the broker takes QoS " +
                                         std::to_string(static_cast<int>(granted.maximum_qos)) +
                                         " at most"};
  }
  if (publication.retain == Retain::yes && !granted.retain_available) {
    return {Errc::refused_by_broker, "the broker does not support retained messages"};
  }
  return {};
}

}  // namespace holdfast::mqtt_engine
