// What happens to a message on its way.

#include <algorithm>
#include <utility>

#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
namespace {

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

}  // namespace

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

}  // namespace holdfast::broker_test
