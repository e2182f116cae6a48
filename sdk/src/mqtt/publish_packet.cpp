#include "mqtt/publish_packet.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::mqtt_engine {
namespace {

constexpr unsigned kPublish = 0x30;
constexpr unsigned kPubrel = 0x62;  // its flags are fixed
constexpr unsigned kMessageExpiryInterval = 0x02;
constexpr std::size_t kExpiryBytes = 5;  // the property's identifier and its value

class Writer {
 public:
  explicit Writer(std::size_t bytes) { out_.reserve(bytes); }

  void byte(unsigned value) { out_.push_back(static_cast<std::byte>(value & 0xFFU)); }
  void two_bytes(unsigned value) {
    byte(value >> 8);
    byte(value);
  }
  void four_bytes(std::uint32_t value) {
    two_bytes(value >> 16);
    two_bytes(value);
  }
  // MQTT 5 section 1.5.5: seven bits a byte, the high bit says that another follows.
  void variable(std::size_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<unsigned>(value & 0x7F) | 0x80U);
    byte(static_cast<unsigned>(value));
  }
  void bytes(std::span<const std::byte> value) {
    out_.insert(out_.end(), value.begin(), value.end());
  }

  std::vector<std::byte> take() { return std::move(out_); }

 private:
  std::vector<std::byte> out_;
};

std::size_t properties_bytes(const Publication& publication) {
  return (publication.expiry ? kExpiryBytes : 0) + publication.properties.size();
}

std::size_t variable_bytes(std::size_t value) {
  std::size_t bytes = 1;
  while ((value >>= 7) > 0) ++bytes;
  return bytes;
}

// Everything behind the fixed header (section 2.1.4: Remaining Length).
std::size_t remaining_bytes(const Publication& publication, MqttVersion version) {
  const std::size_t packet_id = publication.qos == Qos::at_most_once ? 0 : 2;
  std::size_t properties = 0;
  if (version == MqttVersion::v5) {
    const std::size_t bytes = properties_bytes(publication);
    properties = variable_bytes(bytes) + bytes;
  }
  return 2 + publication.topic.size() + packet_id + properties + publication.payload.size();
}

}  // namespace

std::size_t publish_bytes(const Publication& publication, MqttVersion version) {
  const std::size_t remaining = remaining_bytes(publication, version);
  return 1 + variable_bytes(remaining) + remaining;
}

std::vector<std::byte> encode_publish(const Publication& publication, MqttVersion version,
                                      PacketId packet_id, Resent resent) {
  Writer writer(publish_bytes(publication, version));
  const unsigned dup = resent == Resent::yes ? 0x08 : 0;
  const unsigned retain = publication.retain == Retain::yes ? 0x01 : 0;
  writer.byte(kPublish | dup | (static_cast<unsigned>(publication.qos) << 1) | retain);
  writer.variable(remaining_bytes(publication, version));
  writer.two_bytes(static_cast<unsigned>(publication.topic.size()));
  writer.bytes(as_payload(publication.topic));
  if (publication.qos != Qos::at_most_once) writer.two_bytes(packet_id);
  if (version == MqttVersion::v5) {
    writer.variable(properties_bytes(publication));
    if (publication.expiry) {
      using Rep = std::chrono::seconds::rep;
      constexpr Rep kMost = std::numeric_limits<std::uint32_t>::max();
      writer.byte(kMessageExpiryInterval);
      writer.four_bytes(
          static_cast<std::uint32_t>(std::clamp<Rep>(publication.expiry->count(), 0, kMost)));
    }
    writer.bytes(publication.properties);
  }
  writer.bytes(publication.payload);
  return writer.take();
}

std::vector<std::byte> encode_pubrel(PacketId packet_id) {
  Writer writer(4);
  writer.byte(kPubrel);
  writer.byte(2);
  writer.two_bytes(packet_id);
  return writer.take();
}

}  // namespace holdfast::mqtt_engine
