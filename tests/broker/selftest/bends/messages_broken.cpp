// QoS 1 over connections that break.

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

// What comes again comes under an identifier of its own.
Bend redelivers_with_other_identifiers() {
  return {.to_broker = acknowledged_by(Type::puback,
                                       [](Acknowledgement& acknowledgement, const Passage&) {
                                         acknowledgement.packet_id &= 0xFFFF ^ kForeign;
                                       }),
          .to_client = republished([](Publish& publish) {
            if (publish.duplicate) publish.packet_id |= kForeign;
          })};
}

// Whoever says DUP uses an identifier that is in use.
Bend refuses_repetitions() {
  constexpr std::uint8_t kIdentifierInUse = 0x91;
  Memory repeated;
  const auto note = [repeated](Publish& publish, const Passage& passage) mutable {
    if (publish.duplicate) repeated.keep(exchange_of_passage(passage, publish.packet_id));
  };
  const auto refuse = [repeated](Acknowledgement& answer, const Passage& passage) {
    if (repeated.has(exchange_of_passage(passage, answer.packet_id))) {
      answer.reason = kIdentifierInUse;
    }
  };
  const auto puback = acknowledged_by(Type::puback, refuse);
  const auto pubrec = acknowledged_by(Type::pubrec, refuse);
  return {.to_broker = republished_by(note),
          .to_client = [puback, pubrec](const Packet& packet, Passage& passage) {
            return packet.type == Type::pubrec ? pubrec(packet, passage) : puback(packet, passage);
          }};
}

}  // namespace

std::vector<BrokenRule> of_broken_connections() {
  return {
      {.name = "NeverRedelivers",
       .fails = {"delivery.qos1_redelivered", "delivery.qos1_redelivered_dup",
                 "delivery.qos2_down_publish"},
       .bend = {.to_client =
                    without_those([](const Publish& publish) { return publish.duplicate; })},
       .passes = {"delivery.qos1_acknowledged", "delivery.qos2_down_pubrec"}},
      {.name = "RedeliversWithOtherIdentifiers",
       .fails = {"delivery.qos1_redelivered"},
       .bend = redelivers_with_other_identifiers(),
       .passes = {"delivery.qos1_acknowledged", "delivery.qos1_redelivered_dup"}},
      {.name = "NeverSaysDup",
       .filter = "delivery.qos1_redelivered:delivery.qos1_redelivered_dup",
       .fails = {"delivery.qos1_redelivered_dup"},
       .bend = {.to_client = with_flags(kDuplicate, 0)}},
      {.name = "ForgetsAcknowledgements",
       .fails = {"delivery.qos1_acknowledged"},
       .bend = {.to_broker = without(Type::puback)},
       .passes = {"delivery.qos1_down", "delivery.qos1_redelivered"}},
      {.name = "RefusesRepetitions",
       .fails = {"delivery.qos1_cut", "delivery.qos1_repeated", "delivery.qos2_up_publish"},
       .bend = refuses_repetitions(),
       .passes = {"delivery.qos1_redelivered", "delivery.qos2_up_pubrec"}},
      {.name = "TakesRepetitionsForDelivered",
       .fails = {"delivery.qos1_cut"},
       .bend = {.to_broker = republished([](Publish& publish) {
                  if (publish.duplicate && publish.qos == 1) lead_astray(publish);
                })},
       .passes = {"delivery.qos1_down", "delivery.qos1_repeated"}},
  };
}

}  // namespace holdfast::broker_test
