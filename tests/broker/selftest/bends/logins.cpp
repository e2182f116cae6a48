#include "selftest/bends/logins.hpp"

#include <utility>

namespace holdfast::broker_test {
namespace {

// MQTT 5 section 3.1.2.3.
constexpr std::uint8_t kClean = 0x02;
constexpr std::uint8_t kHasWill = 0x04;
constexpr std::uint8_t kWillRetain = 0x20;
constexpr std::uint8_t kHasPassword = 0x40;
constexpr std::uint8_t kHasUsername = 0x80;

Connect as_connect(const Packet& packet) {
  Reader reader(packet.body);
  reader.text();  // "MQTT"
  Connect connect;
  connect.version = static_cast<Version>(reader.byte());
  const bool v5 = connect.version == Version::v5;
  const std::uint8_t flags = reader.byte();
  connect.clean = (flags & kClean) != 0;
  connect.keep_alive = reader.two_bytes();
  if (v5) connect.properties = Properties::read(reader);
  connect.client_id = reader.text();
  if ((flags & kHasWill) != 0) {
    Will will;
    will.qos = flags >> 3 & 3U;
    will.retain = (flags & kWillRetain) != 0;
    if (v5) will.properties = Properties::read(reader);
    will.topic = reader.text();
    will.payload = reader.text();
    connect.will = std::move(will);
  }
  if ((flags & kHasUsername) != 0) connect.username = reader.text();
  if ((flags & kHasPassword) != 0) connect.password = reader.text();
  return connect;
}

Bytes encode(const Connack& packet, Version version) {
  Bytes body{static_cast<std::uint8_t>(packet.session_present ? 1 : 0), packet.reason};
  if (version == Version::v5) packet.properties.append_to(body);
  return encode_raw(Type::connack, 0, body);
}

}  // namespace

Bending logged_in_as(std::function<void(Connect&)> change) {
  return [change = std::move(change)](const Packet& packet, Passage&) {
    if (packet.type != Type::connect) return Packets{as_it_came(packet)};
    Connect connect = as_connect(packet);
    change(connect);
    return Packets{broker_test::encode(connect)};
  };
}

Bending answered_with(std::function<void(Connack&)> change) {
  return [change = std::move(change)](const Packet& packet, Passage& passage) {
    if (packet.type != Type::connack) return Packets{as_it_came(packet)};
    Connack connack = as_connack(packet, passage.version);
    change(connack);
    return Packets{encode(connack, passage.version)};
  };
}

Bending by_login(Bending logins, Bending others) {
  return [logins = std::move(logins), others = std::move(others)](const Packet& packet,
                                                                  Passage& passage) {
    return packet.type == Type::connect ? logins(packet, passage) : others(packet, passage);
  };
}

}  // namespace holdfast::broker_test
