#include "attack/scripted_broker.hpp"

#include <cstddef>
#include <string_view>

namespace holdfast::test {
namespace {

enum class PacketType : unsigned {
  kConnect = 1,
  kPublish = 3,
  kSubscribe = 8,
  kPingRequest = 12,
  kDisconnect = 14,
};

unsigned octet(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes.at(at));
}

std::size_t number16(std::string_view bytes, std::size_t at) {
  return std::size_t{octet(bytes, at)} << 8U | octet(bytes, at + 1);
}

// Reads a variable byte integer (MQTT 5 section 1.5.5) at `at`, which then is behind it. False when
// it goes on beyond the end.
bool read_number(std::string_view bytes, std::size_t& at, std::size_t& value) {
  value = 0;
  for (unsigned shift = 0; at < bytes.size(); shift += 7) {
    const unsigned part = octet(bytes, at++);
    value |= std::size_t{part & 0x7FU} << shift;
    if (part < 0x80U) return true;
  }
  return false;
}

// Takes a whole packet off the front, or nothing.
std::string take_packet(std::string& bytes) {
  std::size_t at = 1;
  std::size_t length = 0;
  if (!read_number(bytes, at, length) || bytes.size() < at + length) return {};
  std::string packet = bytes.substr(0, at + length);
  bytes.erase(0, at + length);
  return packet;
}

std::size_t header_size(const std::string& packet) {
  std::size_t at = 1;
  std::size_t length = 0;
  read_number(packet, at, length);
  return at;
}

}  // namespace

std::function<void(TlsPeer&)> ScriptedBroker::script() {
  return [this](TlsPeer& peer) {
    std::string bytes;
    while (true) {
      const std::string more = peer.receive();
      if (more.empty()) return;
      bytes += more;
      for (std::string packet = take_packet(bytes); !packet.empty(); packet = take_packet(bytes)) {
        if (!answer(peer, packet)) return;
      }
    }
  };
}

bool ScriptedBroker::answer(TlsPeer& peer, const std::string& packet) {
  using namespace std::string_literals;
  switch (static_cast<PacketType>(octet(packet, 0) >> 4U)) {
    case PacketType::kConnect:
      return peer.send("\x20\x03\x00\x00\x00"s);  // a new session, success, no properties
    case PacketType::kPublish:
      return take_publish(peer, packet);
    case PacketType::kSubscribe: {
      const std::string identifier = packet.substr(header_size(packet), 2);
      return peer.send("\x90\x04"s + identifier + "\x00\x01"s);  // QoS 1 granted to one filter
    }
    case PacketType::kPingRequest:
      return peer.send("\xD0\x00"s);
    case PacketType::kDisconnect:
      return false;
  }
  return true;
}

bool ScriptedBroker::take_publish(TlsPeer& peer, const std::string& packet) {
  const unsigned qos = octet(packet, 0) >> 1U & 3U;
  std::size_t at = header_size(packet);
  at += 2 + number16(packet, at);  // the topic
  std::string identifier;
  if (qos > 0) {
    identifier = packet.substr(at, 2);
    at += 2;
  }
  std::size_t properties = 0;
  if (!read_number(packet, at, properties)) return false;
  const std::string payload = packet.substr(at + properties);
  messages_.append(payload);
  if (qos == 1 && !peer.send("\x40\x02" + identifier)) return false;
  if (on_message_) on_message_(peer, payload);
  return true;
}

}  // namespace holdfast::test
