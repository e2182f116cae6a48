#include "selftest/bends/ways.hpp"

#include <utility>

namespace holdfast::broker_test {

unsigned qos_of(const Packet& packet) {
  return packet.flags >> 1 & 3U;
}

Bending changed(Type type, std::function<Packet(Packet)> change) {
  return [type, change = std::move(change)](const Packet& packet, Passage&) {
    return Packets{as_it_came(packet.type == type ? change(packet) : packet)};
  };
}

Bending without(Type type) {
  return [type](const Packet& packet, Passage&) {
    return packet.type == type ? Packets{} : Packets{as_it_came(packet)};
  };
}

Bending republished(std::function<void(Publish&)> change) {
  return [change = std::move(change)](const Packet& packet, Passage& passage) {
    if (packet.type != Type::publish) return Packets{as_it_came(packet)};
    Publish publish = as_publish(packet, passage.version);
    change(publish);
    return Packets{encode(publish, passage.version)};
  };
}

Bending with_flags(std::uint8_t clear, std::uint8_t set) {
  return changed(Type::publish, [clear, set](Packet packet) {
    packet.flags = static_cast<std::uint8_t>((packet.flags & ~clear) | set);
    return packet;
  });
}

Bending with_connack_byte(std::size_t at, std::uint8_t value) {
  return changed(Type::connack, [at, value](Packet packet) {
    if (packet.body.size() > at && packet.body[1] == 0) packet.body[at] = value;
    return packet;
  });
}

}  // namespace holdfast::broker_test
