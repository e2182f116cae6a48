#include "selftest/bends/safety_ways.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::broker_test {
namespace {

constexpr unsigned kCleanFlag = 0x02;
constexpr unsigned kWillFlag = 0x04;
constexpr unsigned kPasswordFlag = 0x40;
constexpr unsigned kNameFlag = 0x80;

bool contains(const Bytes& all, std::string_view bytes) {
  return std::search(all.begin(), all.end(), bytes.begin(), bytes.end(), [](auto one, auto other) {
           return one == static_cast<std::uint8_t>(other);
         }) != all.end();
}

Bytes list_of(Reader& reader, Version version) {
  if (version != Version::v5) return {};
  const auto list = reader.take(reader.variable());
  return {list.begin(), list.end()};
}

void read_fields(const Packet& packet, Version version, Fields& fields) {
  Reader reader(packet.body);
  switch (packet.type) {
    case Type::connect: {
      constexpr std::size_t kVersionFlagsAndKeepAlive = 4;
      reader.text();
      reader.take(kVersionFlagsAndKeepAlive);
      fields.properties = list_of(reader, version);
      fields.name = reader.text();
      break;
    }
    case Type::publish:
      fields.name = reader.text();
      if (qos_of(packet) > 0) fields.packet_id = reader.two_bytes();
      fields.properties = list_of(reader, version);
      break;
    case Type::subscribe:
    case Type::unsubscribe:
      fields.packet_id = reader.two_bytes();
      fields.properties = list_of(reader, version);
      if (reader.empty()) break;
      fields.name = reader.text();
      fields.has_filter = true;
      if (packet.type == Type::subscribe) fields.options = reader.byte();
      break;
    default:
      break;
  }
  fields.whole = true;
}

Bytes two(unsigned value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// Empty where nothing answers it.
Bytes good_answer_to(const Packet& packet, const Fields& fields, Version version) {
  Bytes body = two(fields.packet_id);
  if (packet.type == Type::publish) {
    return qos_of(packet) == 1 ? encode_raw(Type::puback, 0, body) : Bytes();
  }
  if (packet.type != Type::subscribe && packet.type != Type::unsubscribe) return {};
  if (version == Version::v5) body.push_back(0);
  if (packet.type == Type::subscribe || version == Version::v5) body.push_back(0);
  return encode_raw(packet.type == Type::subscribe ? Type::suback : Type::unsuback, 0, body);
}

Bending ends_for(Wrong wrong, Passage::Then how) {
  return [wrong = std::move(wrong), how](const Packet& packet, Passage& passage) {
    if (!wrong(packet, fields_of(packet, passage.version))) return Packets{as_it_came(packet)};
    passage.then = how;
    return Packets{};
  };
}

}  // namespace

Fields fields_of(const Packet& packet, Version version) {
  Fields fields;
  try {
    read_fields(packet, version, fields);
  } catch (const Malformed&) {
    // The rest is not there.
  }
  return fields;
}

std::optional<Connect> as_connect(const Packet& packet) {
  if (packet.type != Type::connect) return std::nullopt;
  try {
    Reader reader(packet.body);
    reader.text();
    Connect connect{.version = static_cast<Version>(reader.byte()), .client_id = ""};
    const unsigned flags = reader.byte();
    const bool v5 = connect.version == Version::v5;
    connect.clean = (flags & kCleanFlag) != 0;
    connect.keep_alive = reader.two_bytes();
    if (v5) connect.properties = Properties::read(reader);
    connect.client_id = reader.text();
    if ((flags & kWillFlag) != 0) {
      Will& will = connect.will.emplace();
      if (v5) will.properties = Properties::read(reader);
      will.topic = reader.text();
      will.payload = reader.text();
    }
    if ((flags & kNameFlag) != 0) connect.username = reader.text();
    if ((flags & kPasswordFlag) != 0) connect.password = reader.text();
    return connect;
  } catch (const Malformed&) {
    return std::nullopt;
  }
}

Wrong of_type(Type type) {
  return [type](const Packet& packet, const Fields&) { return packet.type == type; };
}

Wrong named_with(Type type, std::string_view bytes) {
  return [type, bytes](const Packet& packet, const Fields& fields) {
    return packet.type == type && fields.name.find(bytes) != std::string::npos;
  };
}

Wrong with_property(Type type, std::string_view bytes) {
  return [type, bytes](const Packet& packet, const Fields& fields) {
    return packet.type == type && contains(fields.properties, bytes);
  };
}

Wrong any_of(std::vector<Wrong> wrongs) {
  return [wrongs = std::move(wrongs)](const Packet& packet, const Fields& fields) {
    return std::any_of(wrongs.begin(), wrongs.end(),
                       [&](const Wrong& wrong) { return wrong(packet, fields); });
  };
}

Bending puts_up_with(Wrong wrong) {
  return [wrong = std::move(wrong)](const Packet& packet, Passage& passage) {
    const Fields fields = fields_of(packet, passage.version);
    if (!wrong(packet, fields)) return Packets{as_it_came(packet)};
    if (packet.type == Type::connect) {
      return Packets{encode(Connect{.version = passage.version,
                                    .client_id = "taken-" + std::to_string(passage.number)})};
    }
    passage.answers.push_back(good_answer_to(packet, fields, passage.version));
    return Packets{};
  };
}

Bending closes_for(Wrong wrong) {
  return ends_for(std::move(wrong), Passage::Then::close);
}

Bending closes_all_for(Wrong wrong) {
  return ends_for(std::move(wrong), Passage::Then::close_everybody);
}

Bending takes_connect(std::function<void(Connect&)> change) {
  return [change = std::move(change)](const Packet& packet, Passage&) {
    auto connect = as_connect(packet);
    if (!connect) return Packets{as_it_came(packet)};
    change(*connect);
    return Packets{encode(*connect)};
  };
}

Bending tells(Property id, std::uint32_t value) {
  return changed(Type::connack, [id, value](Packet packet) {
    constexpr std::size_t kProperties = 2;
    packet.body.resize(kProperties);
    Properties().number(id, value).append_to(packet.body);
    return packet;
  });
}

Bending all_of(Bending first, Bending then) {
  return
      [first = std::move(first), then = std::move(then)](const Packet& packet, Passage& passage) {
        Packets all;
        for (Bytes one : first(packet, passage)) {
          const auto next = take_packet(one);
          for (Bytes& other : then(*next, passage)) all.push_back(std::move(other));
        }
        return all;
      };
}

Bytes connack_with(std::uint8_t reason) {
  return encode_raw(Type::connack, 0, Bytes{0, reason, 0});
}

Bytes refusal_of(const Packet& subscribe) {
  constexpr std::uint8_t kNotAuthorised = 0x87;
  Bytes body = two(fields_of(subscribe, Version::v5).packet_id);
  body.insert(body.end(), {0, kNotAuthorised});
  return encode_raw(Type::suback, 0, body);
}

}  // namespace holdfast::broker_test
