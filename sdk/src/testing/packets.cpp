#include "testing/packets.hpp"

#include <stdexcept>
#include <string_view>
#include <type_traits>

#include "mqtt/publish_packet.hpp"

namespace holdfast::testing {
namespace {

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  unsigned byte() { return std::to_integer<unsigned>(take(1)[0]); }
  unsigned two_bytes() {
    const unsigned high = byte();
    return high << 8 | byte();
  }
  std::uint32_t four_bytes() {
    const std::uint32_t high = two_bytes();
    return high << 16 | two_bytes();
  }
  // MQTT 5 section 1.5.5.
  std::size_t variable() {
    std::size_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const unsigned digit = byte();
      value |= std::size_t{digit & 0x7FU} << shift;
      if (digit < 0x80) return value;
    }
    throw std::logic_error("a length of more than four bytes");
  }
  std::span<const std::byte> data() { return take(two_bytes()); }
  std::string text() { return std::string(as_text(data())); }
  std::span<const std::byte> take(std::size_t count) {
    if (count > bytes_.size()) throw std::logic_error("a packet that ends too early");
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  std::span<const std::byte> rest() { return take(bytes_.size()); }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::span<const std::byte> bytes_;
};

// MQTT 5 section 3.3.2.3; those that this SDK sends.
void read_properties(Reader reader, Publish& publish) {
  Message& message = publish.message;
  while (!reader.at_end()) {
    switch (const unsigned identifier = reader.byte()) {
      case 0x02:
        publish.expiry = std::chrono::seconds(reader.four_bytes());
        break;
      case 0x03:
        message.content_type = reader.text();
        break;
      case 0x08:
        message.response_topic = reader.text();
        break;
      case 0x09: {
        const auto data = reader.data();
        message.correlation_data.assign(data.begin(), data.end());
        break;
      }
      default:
        throw std::logic_error("a PUBLISH with the property " + std::to_string(identifier));
    }
  }
}

std::size_t variable_bytes(std::size_t value) {
  std::size_t bytes = 1;
  while ((value >>= 7) > 0) ++bytes;
  return bytes;
}

std::size_t packet_of(std::size_t remaining) {
  return 1 + variable_bytes(remaining) + remaining;
}

// MQTT 5 section 3.1: protocol name, version, flags, keep-alive; the properties that are sent.
std::size_t connect_bytes(const mqtt_engine::Login& login) {
  const bool v5 = login.version == MqttVersion::v5;
  std::size_t remaining = 10 + 2 + login.client_id.size();
  if (v5) remaining += login.session_expiry.count() > 0 ? 14U : 9U;
  if (!login.username.empty()) remaining += 2 + login.username.size();
  if (!login.password.empty()) remaining += 2 + login.password.size();
  if (login.will) {
    remaining += 2 + login.will->topic.size() + 2 + login.will->payload.size();
    if (v5) remaining += login.will->delay.count() > 0 ? 6U : 1U;
  }
  return packet_of(remaining);
}

std::size_t delivered_bytes(const Delivered& delivered, MqttVersion version) {
  const Message& message = delivered.message;
  std::size_t properties = delivered.expiry ? 5 : 0;
  const auto add = [&properties](std::size_t bytes) {
    if (bytes > 0) properties += 3 + bytes;
  };
  add(message.content_type.size());
  add(message.response_topic.size());
  add(message.correlation_data.size());
  for (const auto& [name, value] : message.user_properties) {
    properties += 5 + name.size() + value.size();
  }
  std::size_t remaining = 2 + message.topic.size() + message.payload.size();
  if (message.qos != Qos::at_most_once) remaining += 2;
  if (version == MqttVersion::v5) remaining += variable_bytes(properties) + properties;
  return packet_of(remaining);
}

constexpr std::size_t kAcknowledgementBytes = 4;
constexpr std::size_t kPingBytes = 2;

}  // namespace

Publish read_publish(std::span<const std::byte> packet, MqttVersion version) {
  Publish publish;
  publish.bytes = packet.size();
  Reader reader(packet);
  const unsigned first = reader.byte();
  if (first >> 4 != 3) throw std::logic_error("a packet that is no PUBLISH");
  reader.variable();
  Message& message = publish.message;
  publish.again = (first & 0x08U) != 0;
  message.qos = static_cast<Qos>((first >> 1) & 3U);
  message.retain = (first & 0x01U) != 0 ? Retain::yes : Retain::no;
  message.topic = reader.text();
  if (message.qos != Qos::at_most_once) {
    publish.packet_id = static_cast<std::uint16_t>(reader.two_bytes());
  }
  if (version == MqttVersion::v5) read_properties(Reader(reader.take(reader.variable())), publish);
  const auto payload = reader.rest();
  message.payload.assign(payload.begin(), payload.end());
  return publish;
}

Release read_release(std::span<const std::byte> packet) {
  Reader reader(packet);
  if (reader.byte() != 0x62) throw std::logic_error("a packet that is no PUBREL");
  reader.variable();
  return {.packet_id = static_cast<std::uint16_t>(reader.two_bytes())};
}

std::size_t bytes_of(const Upward& packet, MqttVersion version) {
  struct Visitor {
    MqttVersion version;
    std::size_t operator()(const Connect& connect) const { return connect_bytes(connect.login); }
    std::size_t operator()(const Subscribe& subscribe) const {
      return packet_of(2 + (version == MqttVersion::v5 ? 1 : 0) + 2 + subscribe.filter.size() + 1);
    }
    std::size_t operator()(const Publish& publish) const { return publish.bytes; }
    std::size_t operator()(const Release&) const { return kAcknowledgementBytes; }
    std::size_t operator()(const Confirm&) const { return kAcknowledgementBytes; }
    std::size_t operator()(const Ping&) const { return kPingBytes; }
    std::size_t operator()(const Leave& leave) const { return leave.with_will ? 3 : 2; }
  };
  return std::visit(Visitor{version}, packet);
}

std::size_t bytes_of(const Downward& packet, MqttVersion version) {
  struct Visitor {
    MqttVersion version;
    // Flags, reason, and in MQTT 5 properties: mosquitto tells three numbers.
    std::size_t operator()(const Connack&) const { return version == MqttVersion::v5 ? 13 : 4; }
    std::size_t operator()(const Refusal& refusal) const {
      return version == MqttVersion::v5 ? 5 + refusal.reference.size() : 4;
    }
    std::size_t operator()(const Suback&) const { return version == MqttVersion::v5 ? 6 : 5; }
    std::size_t operator()(const mqtt_engine::Acknowledgement& answer) const {
      return kAcknowledgementBytes + (answer.code != 0 ? 1 : 0);
    }
    std::size_t operator()(const Delivered& delivered) const {
      return delivered_bytes(delivered, version);
    }
    std::size_t operator()(const Pong&) const { return kPingBytes; }
    std::size_t operator()(const Ended&) const { return 0; }
  };
  return std::visit(Visitor{version}, packet);
}

Cause cause_of(const Upward& packet) {
  if (std::holds_alternative<Release>(packet) || std::holds_alternative<Confirm>(packet)) {
    return Cause::acknowledgements;
  }
  return std::holds_alternative<Ping>(packet) ? Cause::keep_alive : Cause::mqtt_control;
}

Cause cause_of(const Downward& packet) {
  if (std::holds_alternative<mqtt_engine::Acknowledgement>(packet)) return Cause::acknowledgements;
  return std::holds_alternative<Pong>(packet) ? Cause::keep_alive : Cause::mqtt_control;
}

}  // namespace holdfast::testing
