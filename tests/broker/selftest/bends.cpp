#include "selftest/bends.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::broker_test {
namespace {

using Packets = std::vector<Bytes>;

constexpr std::uint8_t kDuplicate = 0x08;
constexpr std::uint8_t kRetain = 0x01;

unsigned qos_of(const Packet& packet) {
  return packet.flags >> 1 & 3U;
}

// --- Ways to bend --------------------------------------------------------------------------------

/// Another packet in the place of those of one type.
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

/// What goes on in the place of a message.
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

// Every so many messages is dropped.
Packets lossy(const Packet& packet, Passage& passage) {
  if (packet.type == Type::publish && ++passage.seen % 10 == 0) return {};
  return {as_it_came(packet)};
}

Packets twice(const Packet& packet, Passage&) {
  Packets all{as_it_came(packet)};
  if (packet.type == Type::publish && qos_of(packet) == 2) all.push_back(all.front());
  return all;
}

// Two messages that come one behind the other are swapped. What waits for a second one stays away.
class Swap {
 public:
  Packets operator()(const Packet& packet, Passage&) {
    if (packet.type != Type::publish || qos_of(packet) != 1) return {as_it_came(packet)};
    if (held_.empty()) {
      held_ = as_it_came(packet);
      return {};
    }
    return {as_it_came(packet), std::exchange(held_, {})};
  }

 private:
  Bytes held_;
};

Packet with_another_identifier(Packet packet) {
  if (packet.body.size() > 1) packet.body[1] ^= 0x40;
  return packet;
}

Packet with_a_code_less(Packet packet) {
  packet.body.pop_back();
  return packet;
}

// --- The rules -----------------------------------------------------------------------------------

std::vector<BrokenRule> of_the_line() {
  return {
      {.name = "EveryFifthConnectionProvesAnotherKey",
       .filter = "identity.every_connection",
       .fails = {"identity.every_connection"},
       .other_key = true},
      {.name = "TicketsAreNeverGood",
       .filter = "economy.resumption:economy.tickets",
       .warns = {"economy.resumption"},
       .bend = {.forgets_tickets = true}},
      {.name = "GivesNoTickets",
       .filter = "economy.*",
       .warns = {"economy.tickets"},
       .bend = {.gives_no_tickets = true}},
      {.name = "HasNoX25519",
       .filter = "identity.groups",
       .warns = {"identity.groups"},
       .bend = {.groups = "P-256"}},
  };
}

std::vector<BrokenRule> of_messages() {
  return {
      {.name = "LosesEveryTenthMessage",
       .filter = "delivery.qos1_order:delivery.qos1_up",
       .fails = {"delivery.qos1_order"},
       .bend = {.to_client = lossy}},
      {.name = "SwapsMessages",
       .filter = "delivery.qos1_order:delivery.qos1_up",
       .fails = {"delivery.qos1_order"},
       .bend = {.to_client = Swap()}},
      {.name = "AcknowledgesAnotherMessage",
       .filter = "delivery.qos1_up:delivery.qos0",
       .fails = {"delivery.qos1_up"},
       .bend = {.to_client = changed(Type::puback, with_another_identifier)}},
      {.name = "NeverAcknowledges",
       .filter = "delivery.qos1_up:delivery.qos0",
       .fails = {"delivery.qos1_up"},
       .bend = {.to_client = without(Type::puback)}},
      {.name = "DeliversQos2Twice",
       .filter = "delivery.qos2:delivery.qos1_down",
       .fails = {"delivery.qos2"},
       .bend = {.to_client = twice}},
      {.name = "NeverSaysDup",
       .filter = "delivery.qos1_redelivered:delivery.qos1_redelivered_dup",
       .fails = {"delivery.qos1_redelivered_dup"},
       .bend = {.to_client = with_flags(kDuplicate, 0)}},
      {.name = "CutsPayloads",
       .filter = "delivery.large_payload:delivery.qos1_down",
       .fails = {"delivery.large_payload"},
       .bend = {.to_client = republished([](Publish& publish) {
                  publish.payload.resize(std::min<std::size_t>(publish.payload.size(), 1'000));
                })}},
      {.name = "DropsProperties",
       .filter = "delivery.request_response:delivery.content_type:delivery.user_properties:"
                 "delivery.qos1_down",
       .fails = {"delivery.content_type", "delivery.request_response", "delivery.user_properties"},
       .bend = {.to_client = republished([](Publish& publish) { publish.properties = {}; })}},
      {.name = "DeliversWithoutRetain",
       .filter = "delivery.retained:delivery.retained_live",
       .fails = {"delivery.retained"},
       .bend = {.to_client = with_flags(kRetain, 0)}},
      {.name = "FlagsLiveMessagesAsRetained",
       .filter = "delivery.retained:delivery.retained_live",
       .fails = {"delivery.retained_live"},
       .bend = {.to_client = with_flags(0, kRetain)}},
      {.name = "RetainsNothing",
       .filter = "delivery.retained:delivery.qos1_down",
       .fails = {"delivery.retained"},
       .bend = {.to_broker = with_flags(kRetain, 0)}},
      {.name = "AnswersAFilterTooFew",
       .filter = "delivery.suback_codes",
       .fails = {"delivery.suback_codes"},
       .bend = {.to_client = changed(Type::suback, with_a_code_less)}},
  };
}

std::vector<BrokenRule> of_sessions() {
  return {
      {.name = "AlwaysSaysSessionPresent",
       .filter = "delivery.session_new:delivery.session_present",
       .fails = {"delivery.session_new"},
       .bend = {.to_client = with_connack_byte(0, 1)}},
      {.name = "NeverSaysSessionPresent",
       .filter = "delivery.session_new:delivery.session_present",
       .fails = {"delivery.session_present"},
       .bend = {.to_client = with_connack_byte(0, 0)}},
      {.name = "HasNoWills",
       .filter = "delivery.will:delivery.will_not_sent",
       .fails = {"delivery.will"},
       .bend = {.to_client =
                    [](const Packet& packet, Passage& passage) {
                      const bool will = packet.type == Type::publish &&
                                        as_publish(packet, passage.version).payload == "gone";
                      return will ? Packets{} : Packets{as_it_came(packet)};
                    }}},
      {.name = "ForgetsUnsubscribe",
       .filter = "delivery.unsubscribe:delivery.qos1_down",
       .fails = {"delivery.unsubscribe"},
       .bend = {.to_broker =
                    [](const Packet& packet, Passage&) {
                      // Another filter is given up, and the UNSUBACK comes all the same.
                      Packet other = packet;
                      if (packet.type == Type::unsubscribe) other.body.back() ^= 0x01;
                      return Packets{as_it_came(other)};
                    }}},
  };
}

std::vector<BrokenRule> of_safety() {
  return {
      {.name = "NeverCloses",
       .filter = "safety.reserved_type:safety.second_connect:safety.qos_3:safety.wildcard_topic",
       .fails = {"safety.qos_3", "safety.reserved_type", "safety.second_connect",
                 "safety.wildcard_topic"},
       .bend = {.to_client = without(Type::disconnect), .never_closes = true}},
  };
}

}  // namespace

std::vector<BrokenRule> broken_rules() {
  std::vector<BrokenRule> rules;
  for (const auto& group : {of_the_line, of_messages, of_sessions, of_safety}) {
    const auto some = group();
    rules.insert(rules.end(), some.begin(), some.end());
  }
  return rules;
}

}  // namespace holdfast::broker_test
