#include "wire/packet.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kPublishRetain = 0x01;
constexpr std::uint8_t kPublishDuplicate = 0x08;
// Flags that are fixed by section 2.1.3.
constexpr std::uint8_t kFixedFlags = 0x02;

void append_two(Bytes& bytes, std::uint32_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void append_four(Bytes& bytes, std::uint32_t value) {
  append_two(bytes, value >> 16);
  append_two(bytes, value);
}

void append_variable(Bytes& bytes, std::uint32_t value) {
  do {
    const auto low = static_cast<std::uint8_t>(value & 0x7F);
    value >>= 7;
    bytes.push_back(static_cast<std::uint8_t>(low | (value > 0 ? 0x80 : 0)));
  } while (value > 0);
}

void append(Bytes& bytes, std::string_view text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}

void append_text(Bytes& bytes, std::string_view text) {
  append_two(bytes, static_cast<std::uint32_t>(text.size()));
  append(bytes, text);
}

enum class Form { byte, two, four, variable, text, pair };

Form form_of(Property id) {
  switch (id) {
    case Property::payload_format:
    case Property::request_problem_information:
    case Property::request_response_information:
    case Property::maximum_qos:
    case Property::retain_available:
    case Property::wildcard_available:
    case Property::subscription_identifier_available:
    case Property::shared_available:
      return Form::byte;
    case Property::server_keep_alive:
    case Property::receive_maximum:
    case Property::topic_alias_maximum:
    case Property::topic_alias:
      return Form::two;
    case Property::message_expiry:
    case Property::session_expiry:
    case Property::will_delay:
    case Property::maximum_packet_size:
      return Form::four;
    case Property::subscription_identifier:
      return Form::variable;
    case Property::user_property:
      return Form::pair;
    case Property::content_type:
    case Property::response_topic:
    case Property::correlation_data:
    case Property::assigned_client_id:
    case Property::authentication_method:
    case Property::authentication_data:
    case Property::response_information:
    case Property::server_reference:
    case Property::reason_string:
      return Form::text;
  }
  throw Malformed("a property with the unknown identifier " +
                  std::to_string(static_cast<unsigned>(id)));
}

void expect_type(const Packet& packet, Type type) {
  if (packet.type == type) return;
  throw Malformed(std::string(name_of(packet.type)) + " came where " + std::string(name_of(type)) +
                  " was due");
}

void expect_flags(const Packet& packet, std::uint8_t flags) {
  if (packet.flags == flags) return;
  throw Malformed(std::string(name_of(packet.type)) + " has the flags " +
                  std::to_string(packet.flags));
}

void expect_end(const Packet& packet, const Reader& reader) {
  if (!reader.empty()) throw Malformed(std::string(name_of(packet.type)) + " is too long");
}

Properties read_properties(Reader& reader, Version version) {
  return version == Version::v5 ? Properties::read(reader) : Properties();
}

}  // namespace

std::string_view name_of(Type type) {
  static constexpr std::array<std::string_view, 16> kNames{
      "reserved type 0", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
      "PUBREL",          "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
      "PINGREQ",         "PINGRESP", "DISCONNECT", "AUTH"};
  return kNames[static_cast<std::size_t>(type) & 0x0F];
}

// --- Reader --------------------------------------------------------------------------------------

std::span<const std::uint8_t> Reader::take(std::size_t count) {
  if (count > rest_.size()) throw Malformed("a packet ends within a field");
  const auto taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::uint8_t Reader::byte() {
  return take(1)[0];
}

std::uint16_t Reader::two_bytes() {
  const auto bytes = take(2);
  return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

std::uint32_t Reader::four_bytes() {
  const std::uint32_t high = two_bytes();
  return high << 16 | two_bytes();
}

std::uint32_t Reader::variable() {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift <= 21; shift += 7) {
    const std::uint8_t next = byte();
    value |= (next & 0x7FU) << shift;
    if ((next & 0x80) == 0) return value;
  }
  throw Malformed("a variable byte integer has more than four bytes");
}

std::string Reader::text() {
  const auto bytes = take(two_bytes());
  return {bytes.begin(), bytes.end()};
}

std::string Reader::rest() {
  const auto bytes = take(rest_.size());
  return {bytes.begin(), bytes.end()};
}

// --- Properties ----------------------------------------------------------------------------------

Properties& Properties::number(Property id, std::uint32_t value) {
  list_.emplace_back(id, value);
  return *this;
}

Properties& Properties::text(Property id, std::string value) {
  list_.emplace_back(id, std::move(value));
  return *this;
}

Properties& Properties::user(std::string name, std::string value) {
  list_.emplace_back(Property::user_property, Pair(std::move(name), std::move(value)));
  return *this;
}

Properties& Properties::remove(Property id) {
  std::erase_if(list_, [&](const auto& one) { return one.first == id; });
  return *this;
}

std::optional<std::uint32_t> Properties::number(Property id) const {
  const auto all = numbers(id);
  return all.empty() ? std::nullopt : std::optional(all.front());
}

std::vector<std::uint32_t> Properties::numbers(Property id) const {
  std::vector<std::uint32_t> found;
  for (const auto& [have, value] : list_) {
    if (have == id) found.push_back(std::get<std::uint32_t>(value));
  }
  return found;
}

std::optional<std::string> Properties::text(Property id) const {
  for (const auto& [have, value] : list_) {
    if (have == id) return std::get<std::string>(value);
  }
  return std::nullopt;
}

std::vector<Properties::Pair> Properties::users() const {
  std::vector<Pair> found;
  for (const auto& [have, value] : list_) {
    if (have == Property::user_property) found.push_back(std::get<Pair>(value));
  }
  return found;
}

bool Properties::has(Property id) const {
  return std::any_of(list_.begin(), list_.end(), [&](const auto& one) { return one.first == id; });
}

void Properties::append_to(Bytes& bytes) const {
  Bytes list;
  for (const auto& [id, value] : list_) {
    append_variable(list, static_cast<std::uint32_t>(id));
    if (const auto* pair = std::get_if<Pair>(&value)) {
      append_text(list, pair->first);
      append_text(list, pair->second);
      continue;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
      append_text(list, *text);
      continue;
    }
    const auto number = std::get<std::uint32_t>(value);
    switch (form_of(id)) {
      case Form::byte:
        list.push_back(static_cast<std::uint8_t>(number));
        break;
      case Form::two:
        append_two(list, number);
        break;
      case Form::variable:
        append_variable(list, number);
        break;
      default:
        append_four(list, number);
    }
  }
  append_variable(bytes, static_cast<std::uint32_t>(list.size()));
  bytes.insert(bytes.end(), list.begin(), list.end());
}

Properties Properties::read(Reader& from) {
  Reader list(from.take(from.variable()));
  Properties properties;
  while (!list.empty()) {
    const auto id = static_cast<Property>(list.variable());
    switch (form_of(id)) {
      case Form::byte:
        properties.number(id, list.byte());
        break;
      case Form::two:
        properties.number(id, list.two_bytes());
        break;
      case Form::four:
        properties.number(id, list.four_bytes());
        break;
      case Form::variable:
        properties.number(id, list.variable());
        break;
      case Form::text:
        properties.text(id, list.text());
        break;
      case Form::pair: {
        std::string name = list.text();
        properties.user(std::move(name), list.text());
        break;
      }
    }
  }
  return properties;
}

// --- Writing -------------------------------------------------------------------------------------

Bytes encode_raw(Type type, std::uint8_t flags, std::span<const std::uint8_t> body) {
  Bytes bytes{static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags)};
  append_variable(bytes, static_cast<std::uint32_t>(body.size()));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

Bytes encode(const Connect& packet) {
  Bytes body;
  append_text(body, "MQTT");
  body.push_back(static_cast<std::uint8_t>(packet.version));
  unsigned flags = packet.clean ? 0x02 : 0;
  if (packet.will) flags |= 0x04U | packet.will->qos << 3 | (packet.will->retain ? 0x20U : 0);
  if (packet.password) flags |= 0x40;
  if (packet.username) flags |= 0x80;
  body.push_back(static_cast<std::uint8_t>(flags));
  append_two(body, packet.keep_alive);
  const bool v5 = packet.version == Version::v5;
  if (v5) packet.properties.append_to(body);
  append_text(body, packet.client_id);
  if (packet.will) {
    if (v5) packet.will->properties.append_to(body);
    append_text(body, packet.will->topic);
    append_text(body, packet.will->payload);
  }
  if (packet.username) append_text(body, *packet.username);
  if (packet.password) append_text(body, *packet.password);
  return encode_raw(Type::connect, 0, body);
}

Bytes encode(const Publish& packet, Version version) {
  Bytes body;
  append_text(body, packet.topic);
  if (packet.qos > 0) append_two(body, packet.packet_id);
  if (version == Version::v5) packet.properties.append_to(body);
  append(body, packet.payload);
  const unsigned flags = packet.qos << 1 | (packet.duplicate ? kPublishDuplicate : 0U) |
                         (packet.retain ? kPublishRetain : 0U);
  return encode_raw(Type::publish, static_cast<std::uint8_t>(flags), body);
}

Bytes encode(const Acknowledgement& packet, Version version) {
  Bytes body;
  append_two(body, packet.packet_id);
  if (version == Version::v5 && packet.reason != 0) body.push_back(packet.reason);
  return encode_raw(packet.type, packet.type == Type::pubrel ? kFixedFlags : std::uint8_t{0}, body);
}

Bytes encode(const Disconnect& packet, Version version) {
  Bytes body;
  const bool properties = packet.properties.has(Property::session_expiry);
  if (version == Version::v5 && (packet.reason != 0 || properties)) {
    body.push_back(packet.reason);
    if (properties) packet.properties.append_to(body);
  }
  return encode_raw(Type::disconnect, 0, body);
}

Bytes encode_subscribe(std::uint16_t packet_id, std::span<const Subscription> subscriptions,
                       Version version, const Properties& properties) {
  Bytes body;
  append_two(body, packet_id);
  if (version == Version::v5) properties.append_to(body);
  for (const Subscription& one : subscriptions) {
    append_text(body, one.filter);
    body.push_back(one.options);
  }
  return encode_raw(Type::subscribe, kFixedFlags, body);
}

Bytes encode_unsubscribe(std::uint16_t packet_id, std::string_view filter, Version version) {
  Bytes body;
  append_two(body, packet_id);
  if (version == Version::v5) Properties().append_to(body);
  append_text(body, filter);
  return encode_raw(Type::unsubscribe, kFixedFlags, body);
}

// --- Reading -------------------------------------------------------------------------------------

std::optional<Packet> take_packet(Bytes& bytes) {
  std::size_t length = 0;
  std::size_t header = 1;
  for (unsigned shift = 0;; shift += 7, ++header) {
    if (shift > 21) throw Malformed("the remaining length has more than four bytes");
    if (header >= bytes.size()) return std::nullopt;
    length |= static_cast<std::size_t>(bytes[header] & 0x7F) << shift;
    if ((bytes[header] & 0x80) == 0) break;
  }
  ++header;
  if (bytes.size() - header < length) return std::nullopt;
  const auto body = bytes.begin() + static_cast<std::ptrdiff_t>(header);
  const auto end = body + static_cast<std::ptrdiff_t>(length);
  Packet packet{static_cast<Type>(bytes[0] >> 4), static_cast<std::uint8_t>(bytes[0] & 0x0F),
                Bytes(body, end), header + length};
  bytes.erase(bytes.begin(), end);
  return packet;
}

Connack as_connack(const Packet& packet, Version version) {
  expect_type(packet, Type::connack);
  expect_flags(packet, 0);
  Reader reader(packet.body);
  const std::uint8_t flags = reader.byte();
  if (flags > 1) throw Malformed("CONNACK sets reserved flags (3.2.2.1)");
  Connack connack{flags == 1, reader.byte(), {}};
  // A broker that speaks 3.1.1 alone refuses in its own form.
  if (reader.empty() && connack.reason != 0) return connack;
  connack.properties = read_properties(reader, version);
  expect_end(packet, reader);
  return connack;
}

Publish as_publish(const Packet& packet, Version version) {
  expect_type(packet, Type::publish);
  Publish publish;
  publish.qos = packet.flags >> 1 & 3U;
  publish.duplicate = (packet.flags & kPublishDuplicate) != 0;
  publish.retain = (packet.flags & kPublishRetain) != 0;
  if (publish.qos == 3) throw Malformed("PUBLISH has QoS 3 (3.3.1.2)");
  if (publish.qos == 0 && publish.duplicate) throw Malformed("PUBLISH of QoS 0 has DUP (3.3.1.1)");
  Reader reader(packet.body);
  publish.topic = reader.text();
  if (publish.qos > 0) {
    publish.packet_id = reader.two_bytes();
    if (publish.packet_id == 0) throw Malformed("PUBLISH has the packet identifier 0 (2.2.1)");
  }
  publish.properties = read_properties(reader, version);
  publish.payload = reader.rest();
  return publish;
}

Acknowledgement as_acknowledgement(const Packet& packet, Version version) {
  if (packet.type < Type::puback || packet.type > Type::pubcomp) expect_type(packet, Type::puback);
  expect_flags(packet, packet.type == Type::pubrel ? kFixedFlags : std::uint8_t{0});
  Reader reader(packet.body);
  Acknowledgement acknowledgement{packet.type, reader.two_bytes(), 0, {}};
  if (version == Version::v5 && !reader.empty()) {
    acknowledgement.reason = reader.byte();
    if (!reader.empty()) acknowledgement.properties = Properties::read(reader);
  }
  expect_end(packet, reader);
  return acknowledgement;
}

Grants as_grants(const Packet& packet, Version version) {
  if (packet.type != Type::unsuback) expect_type(packet, Type::suback);
  expect_flags(packet, 0);
  Reader reader(packet.body);
  Grants grants{reader.two_bytes(), {}, {}};
  grants.properties = read_properties(reader, version);
  while (!reader.empty()) grants.reasons.push_back(reader.byte());
  return grants;
}

Disconnect as_disconnect(const Packet& packet, Version version) {
  expect_type(packet, Type::disconnect);
  expect_flags(packet, 0);
  if (version != Version::v5) throw Malformed("DISCONNECT came from the broker (3.1.1: 3.14)");
  Reader reader(packet.body);
  Disconnect disconnect;
  if (!reader.empty()) disconnect.reason = reader.byte();
  if (!reader.empty()) disconnect.properties = Properties::read(reader);
  expect_end(packet, reader);
  return disconnect;
}

std::string reason_text(std::uint8_t reason) {
  struct Named {
    std::uint8_t code;
    const char* name;
  };
  // Section 2.4.
  static constexpr std::array kNames{Named{0x00, "success"},
                                     Named{0x04, "disconnect with will"},
                                     Named{0x10, "no matching subscribers"},
                                     Named{0x11, "no subscription existed"},
                                     Named{0x80, "unspecified error"},
                                     Named{0x81, "malformed packet"},
                                     Named{0x82, "protocol error"},
                                     Named{0x83, "implementation specific error"},
                                     Named{0x84, "unsupported protocol version"},
                                     Named{0x85, "client identifier not valid"},
                                     Named{0x86, "bad user name or password"},
                                     Named{0x87, "not authorised"},
                                     Named{0x88, "server unavailable"},
                                     Named{0x89, "server busy"},
                                     Named{0x8A, "banned"},
                                     Named{0x8B, "server shutting down"},
                                     Named{0x8D, "keep alive timeout"},
                                     Named{0x8E, "session taken over"},
                                     Named{0x8F, "topic filter invalid"},
                                     Named{0x90, "topic name invalid"},
                                     Named{0x91, "packet identifier in use"},
                                     Named{0x92, "packet identifier not found"},
                                     Named{0x93, "receive maximum exceeded"},
                                     Named{0x94, "topic alias invalid"},
                                     Named{0x95, "packet too large"},
                                     Named{0x97, "quota exceeded"},
                                     Named{0x99, "payload format invalid"},
                                     Named{0x9A, "retain not supported"},
                                     Named{0x9B, "QoS not supported"},
                                     Named{0x9C, "use another server"},
                                     Named{0x9D, "server moved"},
                                     Named{0x9E, "shared subscriptions not supported"},
                                     Named{0x9F, "connection rate exceeded"},
                                     Named{0xA1, "subscription identifiers not supported"},
                                     Named{0xA2, "wildcard subscriptions not supported"}};
  std::array<char, 8> code{};
  std::snprintf(code.data(), code.size(), "0x%02X", reason);
  for (const Named& one : kNames) {
    if (one.code == reason) return std::string(code.data()) + " (" + one.name + ")";
  }
  return code.data();
}

}  // namespace holdfast::broker_test
