// Subscriptions and their answers.

#include <algorithm>

#include "selftest/bends/messages_ways.hpp"
#include "selftest/bends/rule.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kNoMatchingSubscribers = 0x10;
constexpr std::uint8_t kNoSubscriptionExisted = 0x11;

Packet with_a_code_less(Packet packet) {
  packet.body.pop_back();
  return packet;
}

// Of an answer to three filters.
Packet with_codes_reversed(Packet packet) {
  std::reverse(packet.body.end() - 3, packet.body.end());
  return packet;
}

// The last code of an UNSUBACK.
Bending with_unsuback(std::uint8_t code) {
  return changed(Type::unsuback, [code](Packet packet) {
    packet.body.back() = code;
    return packet;
  });
}

// A filter that a client has already stays as it is; the answer comes all the same.
Bending ignores_a_second_subscribe() {
  return resubscribed(
      [known = Memory()](Subscription& subscription, const Passage& passage) mutable {
        const bool first = known.keep(passage.client_id + " " + subscription.filter);
        if (!first) subscription.filter += "/ignored";
      });
}

// "$share/NAME/FILTER" is FILTER.
void share_with_everybody(Subscription& subscription, const Passage&) {
  constexpr std::string_view kShare = "$share/";
  if (!subscription.filter.starts_with(kShare)) return;
  subscription.filter.erase(0, subscription.filter.find('/', kShare.size()) + 1);
}

}  // namespace

std::vector<BrokenRule> of_subscriptions() {
  return {
      {.name = "AnswersAFilterTooFew",
       .filter = "delivery.suback_codes",
       .fails = {"delivery.suback_codes"},
       .bend = {.to_client = changed(Type::suback, with_a_code_less)}},
      {.name = "AnswersFiltersInAnotherOrder",
       .fails = {"delivery.suback_codes"},
       .bend = {.to_client = changed(Type::suback,
                                     [](Packet packet) {
                                       constexpr std::size_t kThreeCodes = 6;
                                       return packet.body.size() == kThreeCodes
                                                  ? with_codes_reversed(packet)
                                                  : packet;
                                     })},
       .passes = {"delivery.qos1_down", "delivery.unsubscribe"}},
      {.name = "EndsNoSubscriptionWithSuccess",
       .warns = {"delivery.unsuback_codes"},
       .bend = {.to_client = with_unsuback(0)},
       .passes = {"delivery.unsubscribe"}},
      {.name = "EndsEachSubscriptionAsNone",
       .fails = {"delivery.unsuback_codes"},
       .bend = {.to_client = with_unsuback(kNoSubscriptionExisted)},
       .passes = {"delivery.unsubscribe"}},
      {.name = "IgnoresASecondSubscribe",
       .fails = {"delivery.retained_again", "delivery.subscription_replaced"},
       .bend = {.to_broker = ignores_a_second_subscribe()},
       .passes = {"delivery.overlapping", "delivery.retained"}},
      {.name = "IgnoresSubscriptionOptions",
       .fails = {"delivery.no_local", "delivery.retain_as_published", "delivery.retain_handling_1",
                 "delivery.retain_handling_2"},
       .bend = {.to_broker = resubscribed([](Subscription& subscription, const Passage&) {
                  subscription.options &= 3;  // the QoS
                })},
       .passes = {"delivery.retained", "delivery.retained_again"}},
      {.name = "SharesWithEverybody",
       .fails = {"delivery.shared"},
       .bend = {.to_broker = resubscribed(share_with_everybody)},
       .passes = {"delivery.qos1_order"}},
      {.name = "AlwaysSaysNoSubscribers",
       .fails = {"delivery.puback_codes"},
       .bend = {.to_client = acknowledged_by(Type::puback,
                                             [](Acknowledgement& puback, const Passage&) {
                                               puback.reason = kNoMatchingSubscribers;
                                             })},
       .passes = {"delivery.qos1_down", "delivery.qos1_up"}},
  };
}

}  // namespace holdfast::broker_test
