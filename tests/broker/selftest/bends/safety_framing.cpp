// Fixed headers, packets that are cut, and what a broker does when it should close.

#include "selftest/bends/rule.hpp"
#include "selftest/bends/safety_ways.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kFixedFlags = 0x02;  // of section 2.1.3

bool comes_from_brokers(const Packet& packet, const Fields&) {
  return packet.type == Type::connack || packet.type == Type::suback ||
         packet.type == Type::unsuback || packet.type == Type::pingresp;
}

bool has_wrong_flags(const Packet& packet, const Fields&) {
  switch (packet.type) {
    case Type::subscribe:
    case Type::unsubscribe:
    case Type::pubrel:
      return packet.flags != kFixedFlags;
    case Type::puback:
    case Type::pubrec:
    case Type::pubcomp:
    case Type::pingreq:
      return packet.flags != 0;
    default:
      return false;
  }
}

bool repeats_qos_0(const Packet& packet, const Fields&) {
  return packet.type == Type::publish && qos_of(packet) == 0 && (packet.flags & kDuplicate) != 0;
}

bool has_qos_3(const Packet& packet, const Fields&) {
  return packet.type == Type::publish && qos_of(packet) == 3;
}

bool answers_what_nobody_asked(const Packet& packet, const Fields&) {
  constexpr unsigned kBeyondWhatIsOpen = 0x0F;
  return packet.type == Type::puback && !packet.body.empty() && packet.body[0] > kBeyondWhatIsOpen;
}

bool is_a_bad_share(const Packet& packet, const Fields& fields) {
  constexpr std::string_view kShare = "$share/";
  if (packet.type != Type::subscribe || !fields.name.starts_with(kShare)) return false;
  const std::string rest = fields.name.substr(kShare.size());
  const auto end = rest.find('/');
  return (fields.options & kNoLocal) != 0 || end == 0 || end == std::string::npos ||
         end + 1 == rest.size() || rest.find_first_of("+#") < end;
}

// What mosquitto puts up with, to nobody's harm but the sender's.
Wrong what_mosquitto_takes() {
  return any_of({comes_from_brokers, has_wrong_flags, repeats_qos_0, is_a_bad_share,
                 // A subscription identifier, and a wildcard in a response topic.
                 with_property(Type::publish, "\x0B"), with_property(Type::publish, "#"),
                 with_property(Type::publish, "+")});
}

// Logins by methods that nobody knows, and topics that are nobody's business.
Packets refuse_what_mosquitto_grants(const Packet& packet, Passage& passage) {
  constexpr std::uint8_t kBadMethod = 0x8C;
  const Fields fields = fields_of(packet, passage.version);
  if (with_property(Type::connect, "\x15")(packet, fields) ||
      with_property(Type::connect, "\x16")(packet, fields)) {
    passage.answers.push_back(connack_with(kBadMethod));
    passage.then = Passage::Then::close;
    return {};
  }
  if (packet.type == Type::subscribe &&
      (fields.name.starts_with("$SYS/") || fields.name.find("denied/") != std::string::npos)) {
    passage.answers.push_back(refusal_of(packet));
    return {};
  }
  return {as_it_came(packet)};
}

Packet in_order(Packet packet) {
  packet.flags = 0;
  return packet;
}

// The cuts that are taken: within a packet identifier, and behind a filter. CONNECT anywhere.
bool is_cut(const Packet& packet, const Fields& fields) {
  if (fields.whole) return false;
  if (packet.type == Type::publish) return !fields.name.empty() && fields.packet_id == 0;
  return packet.type == Type::connect || fields.has_filter;
}

Packets with_more_behind_the_end(const Packet& packet, Passage&) {
  Packets all{as_it_came(packet)};
  if (packet.type == Type::disconnect) all.push_back(encode_raw(Type::pingresp, 0));
  return all;
}

std::vector<BrokenRule> of_leniency() {
  return {
      {.name = "PutsUpWithWhatMosquittoDoes",
       .filter = "safety.auth_method:safety.client_subscription_id:safety.duplicate_qos_0:"
                 "safety.flags:safety.response_topic:safety.server_packets:safety.shared_filters:"
                 "safety.shared_no_local:safety.silent_peers:safety.huge_claim:"
                 "safety.system_topics:safety.anonymous:safety.unknown_ack",
       .warns = {"safety.anonymous", "safety.auth_method", "safety.client_subscription_id",
                 "safety.duplicate_qos_0", "safety.flags", "safety.huge_claim",
                 "safety.response_topic", "safety.server_packets", "safety.shared_filters",
                 "safety.shared_no_local", "safety.silent_peers", "safety.system_topics"},
       .max_wait = "1"},
      {.name = "PutsUpWithLessThanMosquitto",
       .filter = "safety.auth_method:safety.client_subscription_id:safety.duplicate_qos_0:"
                 "safety.flags:safety.response_topic:safety.server_packets:safety.shared_filters:"
                 "safety.shared_no_local:safety.system_topics:safety.denied_topic:"
                 "safety.silent_peers",
       .bend = {.to_broker =
                    all_of(closes_for(what_mosquitto_takes()), refuse_what_mosquitto_grants),
                .patience = std::chrono::seconds(1)},
       .passes = {"safety.auth_method", "safety.client_subscription_id", "safety.denied_topic",
                  "safety.duplicate_qos_0", "safety.flags", "safety.response_topic",
                  "safety.server_packets", "safety.shared_filters", "safety.shared_no_local",
                  "safety.silent_peers", "safety.system_topics"},
       .words = {"--denied-topic-prefix", "denied"}},
      {.name = "ClosesEverybodyForOnesFault",
       .filter = "safety.reserved_type:safety.server_packets:safety.flags:safety.qos_3:"
                 "safety.duplicate_qos_0:safety.unknown_ack:safety.filters",
       .fails = {"safety.duplicate_qos_0", "safety.flags", "safety.qos_3", "safety.reserved_type",
                 "safety.server_packets", "safety.unknown_ack"},
       .bend = {.to_broker = closes_all_for(
                    any_of({of_type(Type::reserved), comes_from_brokers, has_wrong_flags, has_qos_3,
                            repeats_qos_0, answers_what_nobody_asked}))}},
  };
}

std::vector<BrokenRule> of_ends() {
  return {
      {.name = "NeverCloses",
       .filter = "safety.reserved_type:safety.second_connect:safety.qos_3:safety.wildcard_topic:"
                 "safety.remaining_length:safety.other_protocols:safety.disconnect_flags:"
                 "safety.unknown_pubrel",
       .fails = {"safety.disconnect_flags", "safety.other_protocols", "safety.qos_3",
                 "safety.remaining_length", "safety.reserved_type", "safety.second_connect",
                 "safety.wildcard_topic"},
       .bend = {.to_client = without(Type::disconnect), .never_closes = true},
       .max_wait = "1"},
      {.name = "StaysBehindItsDisconnect",
       .filter = "safety.end_of_connection:safety.reserved_type",
       .fails = {"safety.end_of_connection"},
       .bend = {.never_closes = true},
       .max_wait = "1"},
      {.name = "GoesOnBehindItsDisconnect",
       .filter = "safety.end_of_connection:safety.reserved_type",
       .fails = {"safety.end_of_connection"},
       .bend = {.to_client = with_more_behind_the_end}},
      {.name = "TakesAnyDisconnectForAnOrderlyOne",
       .filter = "safety.disconnect_flags:safety.reserved_type",
       .fails = {"safety.disconnect_flags"},
       .bend = {.to_broker = changed(Type::disconnect, in_order)}},
  };
}

std::vector<BrokenRule> of_lengths_and_flow() {
  return {
      {.name = "TakesPacketsThatAreCut",
       .filter = "safety.publish_cut:safety.subscribe_cut:safety.connect_cut:safety.qos_3",
       .fails = {"safety.connect_cut", "safety.publish_cut", "safety.subscribe_cut"},
       .bend = {.to_broker = puts_up_with(is_cut)}},
      {.name = "FillsUpWhatBreaksOff",
       .filter = "safety.publish_cut:safety.subscribe_cut:safety.connect_cut",
       .fails = {"safety.publish_cut"},
       .bend = {.fills_up_what_breaks_off = true}},
      {.name = "NamesALimitOfPacketsThatIsNone",
       .filter = "safety.packet_too_large:safety.remaining_length",
       .fails = {"safety.packet_too_large"},
       .bend = {.to_client = tells(Property::maximum_packet_size, 2'000)},
       .max_wait = "1"},
      {.name = "ClosesForAnUnknownAcknowledgement",
       .filter = "safety.unknown_ack:safety.unknown_pubrel",
       .warns = {"safety.unknown_ack"},
       .bend = {.to_broker = closes_for(answers_what_nobody_asked)}},
      {.name = "NeverCompletes",
       .filter = "safety.unknown_pubrel:safety.unknown_ack",
       .fails = {"safety.unknown_pubrel"},
       .bend = {.to_client = without(Type::pubcomp)},
       .max_wait = "1"},
      {.name = "NamesAReceiveMaximumThatIsNone",
       .filter = "safety.receive_maximum:safety.unknown_pubrel",
       .fails = {"safety.receive_maximum"},
       .bend = {.to_client = tells(Property::receive_maximum, 5)}},
  };
}

}  // namespace

std::vector<BrokenRule> of_safety_framing() {
  std::vector<BrokenRule> rules = of_leniency();
  for (const auto& some : {of_ends(), of_lengths_and_flow()}) {
    rules.insert(rules.end(), some.begin(), some.end());
  }
  return rules;
}

}  // namespace holdfast::broker_test
