// Publications, subscriptions and their properties that break rules.

#include <algorithm>
#include <string_view>

#include "selftest/bends/rule.hpp"
#include "selftest/bends/safety_ways.hpp"

namespace holdfast::broker_test {
namespace {

// A surrogate: no text has one (section 1.5.4).
constexpr std::string_view kSurrogate = "\xED\xA0\x80";

template <std::size_t kSize>
constexpr std::string_view octets(const char (&literal)[kSize]) {
  return {literal, kSize - 1};
}

bool has_identifier_0(const Packet& packet, const Fields& fields) {
  const bool wants_one = packet.type == Type::subscribe || packet.type == Type::unsubscribe ||
                         (packet.type == Type::publish && qos_of(packet) > 0);
  return wants_one && fields.whole && fields.packet_id == 0;
}

bool has_no_topic(const Packet& packet, const Fields& fields) {
  return packet.type == Type::publish && fields.name.empty();
}

bool has_no_filter(const Packet& packet, const Fields& fields) {
  return (packet.type == Type::subscribe || packet.type == Type::unsubscribe) && !fields.has_filter;
}

bool goes_to_a_wildcard(const Packet& packet, const Fields& fields) {
  return packet.type == Type::publish && fields.name.ends_with('#');
}

bool has_wildcard_in_the_middle(const Packet& packet, const Fields& fields) {
  return packet.type == Type::subscribe && fields.name.find("#/") != std::string::npos;
}

// What is no text reaches whoever subscribes, with a question mark in its place.
void deliver_as_text(Publish& publish) {
  const auto at = publish.topic.find(kSurrogate);
  if (at != std::string::npos) publish.topic.replace(at, kSurrogate.size(), "?");
}

// Only what mosquitto would close for; other packets may be anything.
Packets deliver_what_is_no_text(const Packet& packet, Passage& passage) {
  const Fields fields = fields_of(packet, passage.version);
  if (!named_with(Type::publish, kSurrogate)(packet, fields)) return {as_it_came(packet)};
  return republished(deliver_as_text)(packet, passage);
}

Packet with_good_options(Packet packet) {
  constexpr unsigned kQos = 0x03;
  constexpr unsigned kReserved = 0xC0;
  constexpr unsigned kRetainHandling = 0x30;
  unsigned options = packet.body.back() & ~kReserved;
  if ((options & kQos) == kQos) options &= ~kQos;
  if ((options & kRetainHandling) == kRetainHandling) options &= ~kRetainHandling;
  packet.body.back() = static_cast<std::uint8_t>(options);
  return packet;
}

Wrong in_any_list(std::string_view publish, std::string_view subscribe, std::string_view connect) {
  return any_of({with_property(Type::publish, publish), with_property(Type::subscribe, subscribe),
                 with_property(Type::connect, connect)});
}

bool reaches_beyond_its_packet(const Packet&, const Fields& fields) {
  return !fields.whole;
}

void add_an_identifier(Publish& publish) {
  publish.properties.number(Property::subscription_identifier, 5);
}

std::vector<BrokenRule> of_wrong_properties() {
  return {
      {.name = "TakesPropertiesTwice",
       .filter = "safety.property_twice:safety.property_unknown",
       .fails = {"safety.property_twice"},
       .bend = {.to_broker =
                    puts_up_with(in_any_list(octets("\x03\x00\x01"
                                                    "a"
                                                    "\x03"),
                                             octets("\x0B\x01\x0B"), octets("\x21\x00\x0A\x21")))}},
      {.name = "SkipsUnknownProperties",
       .filter = "safety.property_unknown:safety.property_foreign",
       .fails = {"safety.property_unknown"},
       .bend = {.to_broker = puts_up_with(
                    in_any_list(octets("\x7A\x00"), octets("\x7A\x00"), octets("\x7A\x00")))}},
      {.name = "SkipsPropertiesOfOtherPackets",
       .filter = "safety.property_foreign:safety.property_twice",
       .fails = {"safety.property_foreign"},
       .bend = {.to_broker = puts_up_with(in_any_list(
                    octets("\x11\x00\x00\x00\x01"), octets("\x01\x00"), octets("\x23\x00\x01")))}},
      {.name = "TakesPropertiesThatReachBeyondTheirPacket",
       .filter = "safety.property_length:safety.property_values",
       .fails = {"safety.property_length"},
       .bend = {.to_broker = puts_up_with(reaches_beyond_its_packet)}},
      {.name = "TakesValuesThatMustNotBe",
       .filter = "safety.property_values:safety.property_length",
       .fails = {"safety.property_values"},
       .bend = {.to_broker = puts_up_with(
                    any_of({with_property(Type::connect, octets("\x21\x00\x00")),
                            with_property(Type::connect, octets("\x27\x00\x00\x00\x00")),
                            with_property(Type::connect, octets("\x17\x02")),
                            with_property(Type::subscribe, octets("\x0B\x00"))}))}},
      {.name = "TakesEveryTopicAlias",
       .filter = "safety.topic_alias:safety.empty_topic",
       .fails = {"safety.topic_alias"},
       .bend = {.to_broker = puts_up_with(with_property(Type::publish, "\x23"))}},
      {.name = "PassesOnIdentifiersOfSubscriptions",
       .filter = "safety.client_subscription_id:safety.property_foreign",
       .fails = {"safety.client_subscription_id"},
       .bend = {.to_client = republished(add_an_identifier)}},
      {.name = "TakesUserPropertiesThatAreNoText",
       .filter = "safety.property_text:safety.topic_text",
       .fails = {"safety.property_text"},
       .bend = {.to_broker = puts_up_with(with_property(Type::publish, kSurrogate))}},
      {.name = "TakesAuthAtAnyTime",
       .filter = "safety.auth_alone:safety.reserved_type",
       .fails = {"safety.auth_alone"},
       .bend = {.to_broker = puts_up_with(of_type(Type::auth))}},
  };
}

}  // namespace

std::vector<BrokenRule> of_safety_publish() {
  std::vector<BrokenRule> rules{
      {.name = "TakesPacketIdentifier0",
       .filter = "safety.packet_id_0:safety.empty_topic",
       .fails = {"safety.packet_id_0"},
       .bend = {.to_broker = puts_up_with(has_identifier_0)}},
      {.name = "TakesMessagesWithoutATopic",
       .filter = "safety.empty_topic:safety.wildcard_topic",
       .fails = {"safety.empty_topic"},
       .bend = {.to_broker = puts_up_with(has_no_topic)}},
      {.name = "AcknowledgesMessagesToWildcards",
       .filter = "safety.empty_topic:safety.wildcard_topic",
       .fails = {"safety.wildcard_topic"},
       .bend = {.to_broker = puts_up_with(goes_to_a_wildcard)}},
      {.name = "DeliversTopicsThatAreNoText",
       .filter = "safety.topic_text:safety.property_text",
       .fails = {"safety.topic_text"},
       .bend = {.to_broker = deliver_what_is_no_text}},
      {.name = "AnswersSubscriptionsToNothing",
       .filter = "safety.no_filter:safety.filters",
       .fails = {"safety.no_filter"},
       .bend = {.to_broker = puts_up_with(has_no_filter)}},
      {.name = "IgnoresReservedBitsOfSubscriptions",
       .filter = "safety.subscribe_options:safety.no_filter",
       .fails = {"safety.subscribe_options"},
       .bend = {.to_broker = changed(Type::subscribe, with_good_options)}},
      {.name = "GrantsWildcardsAnywhere",
       .filter = "safety.filters:safety.filter_text",
       .fails = {"safety.filters"},
       .bend = {.to_broker = puts_up_with(has_wildcard_in_the_middle)}},
      {.name = "GrantsFiltersThatAreNoText",
       .filter = "safety.filters:safety.filter_text",
       .fails = {"safety.filter_text"},
       .bend = {.to_broker = puts_up_with(named_with(Type::subscribe, kSurrogate))}},
  };
  const auto properties = of_wrong_properties();
  rules.insert(rules.end(), properties.begin(), properties.end());
  return rules;
}

}  // namespace holdfast::broker_test
