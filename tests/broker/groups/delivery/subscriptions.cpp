// Subscriptions: what is granted holds, overlaps and options work, and an end is an end.

#include <algorithm>
#include <array>

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kNoMatchingSubscribers = 0x10;
constexpr std::uint8_t kNoSubscriptionExisted = 0x11;

void suback_codes(Stage& stage, Finding& finding) {
  const auto peer = stage.log_in();
  // The largest first, so that an order by topic or by QoS would show.
  const std::array filters{Subscription{stage.topic("c"), 2}, Subscription{stage.topic("a"), 0},
                           Subscription{stage.topic("b"), 1}};
  const Grants grants = peer->subscribe_all(filters);
  for (std::size_t i = 0; i < filters.size(); ++i) {
    finding.saw(filters[i].filter + ", QoS " + std::to_string(filters[i].options) +
                " asked: " + reason_text(grants.reasons[i]));
    finding.expect(grants.reasons[i] <= filters[i].options,
                   "QoS " + std::to_string(filters[i].options) + " was answered with " +
                       reason_text(grants.reasons[i]));
  }
  finding.figure("maximum_qos", grants.reasons.front() <= 2 ? grants.reasons.front() : 0);
}

void unsubscribe(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  subscribe_at(*to, stage.topic("ended"), 1);
  subscribe_at(*to, stage.topic("kept"), 1);
  to->unsubscribe(stage.topic("ended"));
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic("ended"), .payload = "late", .qos = 1});
  publish_marker(*from, stage.topic("kept"));
  const auto received = receive_to_marker(*to, stage.patience());
  finding.expect(received.complete, "the other subscription ended as well");
  finding.expect(received.messages.empty(), "a message came after UNSUBACK");
}

void unsuback_codes(Stage& stage, Finding& finding) {
  const auto peer = stage.log_in();
  peer->subscribe(stage.topic(), 0);
  const std::uint8_t existing = peer->unsubscribe(stage.topic());
  const std::uint8_t none = peer->unsubscribe(stage.topic());
  finding.saw("UNSUBACK " + reason_text(existing) + ", then " + reason_text(none));
  finding.expect(existing == 0, "a subscription was ended with " + reason_text(existing));
  if (none == 0) {
    finding.warn("a subscription that does not exist is ended with success, not with 0x11");
  } else {
    finding.expect(none == kNoSubscriptionExisted,
                   "a subscription that does not exist is answered with " + reason_text(none));
  }
}

// A second SUBSCRIBE with the same filter takes the place of the first.
void replaced(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  subscribe_at(*to, stage.topic(), 1);
  to->subscribe(stage.topic(), 0);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic(), .payload = "m", .qos = 1});
  publish_marker(*from, stage.topic());
  const auto received = receive_to_marker(*to, stage.patience()).messages;
  for (const Publish& one : received) finding.saw(text_of(one));
  finding.expect(received.size() == 1, std::to_string(received.size()) + " copies came, 1 was due");
  for (const Publish& one : received) {
    finding.expect(one.qos == 0, "it came at the QoS of the subscription that was replaced");
  }
}

void overlapping(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  subscribe_wide(*to, stage.topic("+"), 1);
  to->subscribe(stage.topic("both"), 0);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic("both"), .payload = "m", .qos = 1});
  publish_marker(*from, stage.topic("end"));
  const auto received = receive_to_marker(*to, stage.patience()).messages;
  for (const Publish& one : received) finding.saw(text_of(one));
  finding.figure("copies", static_cast<double>(received.size()));
  const bool at_most = std::any_of(received.begin(), received.end(),
                                   [](const Publish& one) { return one.qos == 1; });
  finding.expect(at_most, "no copy came at QoS 1, the higher of the two that match");
  finding.expect(received.size() <= 2, "more copies came than subscriptions match");
}

void no_local(Stage& stage, Finding& finding) {
  const auto peer = stage.log_in();
  subscribe_at(*peer, stage.topic(), 1, kNoLocal);
  const auto other = stage.log_in("other");
  publish(*peer, {.topic = stage.topic(), .payload = "own", .qos = 1});
  publish_marker(*other, stage.topic());
  const auto received = receive_to_marker(*peer, stage.patience());
  finding.expect(received.complete, "a message of another client did not come");
  finding.expect(received.messages.empty(), "its own message came back");
}

void subscription_identifier(Stage& stage, Finding& finding) {
  constexpr std::uint32_t kSmall = 7;
  constexpr std::uint32_t kLargest = 268'435'455;
  const auto to = stage.log_in("to");
  require_subscription_identifiers(*to);
  const auto from = stage.log_in("from");
  for (const std::uint32_t identifier : {kSmall, kLargest}) {
    const std::string topic = stage.topic(std::to_string(identifier));
    to->subscribe(topic, 0, Properties().number(Property::subscription_identifier, identifier));
    publish(*from, {.topic = topic, .payload = "m"});
    const auto came = to->receive(stage.patience());
    const auto told = came.properties.numbers(Property::subscription_identifier);
    finding.expect(told == std::vector{identifier},
                   "identifier " + std::to_string(identifier) +
                       (told.empty() ? " is missing" : " came as " + std::to_string(told.front())));
  }
}

void drain(MqttPeer& member, std::vector<Publish>& received) {
  for (auto& one : received_by_now(member)) received.push_back(std::move(one));
}

void shared(Stage& stage, Finding& finding) {
  constexpr std::size_t kMessages = 40;
  const std::string filter = "$share/" + stage.client_id("group") + "/" + stage.topic();
  std::array members{stage.log_in("one"), stage.log_in("two")};
  for (const auto& member : members) {
    require_shared(*member);
    subscribe_at(*member, filter, 1);
  }
  const auto from = stage.log_in("from");
  const auto sent = numbered(kMessages);
  publish_all(*from, stage.topic(), 1, sent);
  std::array<std::vector<Publish>, 2> received;
  const Deadline bound = stage.deadline().within(stage.patience());
  do {
    for (std::size_t i = 0; i < members.size(); ++i) drain(*members[i], received[i]);
  } while (received[0].size() + received[1].size() < kMessages && !bound.over());
  for (std::size_t i = 0; i < members.size(); ++i) drain(*members[i], received[i]);
  finding.figure("first_member", static_cast<double>(received[0].size()));
  finding.figure("second_member", static_cast<double>(received[1].size()));
  auto all = received[0];
  all.insert(all.end(), received[1].begin(), received[1].end());
  Comparison result = compare(sent, all);
  result.in_order = true;  // of two members together there is none
  const std::string text = "of " + std::to_string(kMessages) + " messages: " + result.text();
  if (finding.expect(result.exact(), text)) {
    finding.pass(std::to_string(kMessages) + " messages, each to one of the two");
  }
}

void puback_codes(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 1);
  const std::uint8_t with = line.from->publish({.topic = stage.topic(), .payload = "m", .qos = 1});
  const std::uint8_t without =
      line.from->publish({.topic = stage.topic("nobody"), .payload = "m", .qos = 1});
  finding.saw("PUBACK with a subscriber " + reason_text(with) + ", without " +
              reason_text(without));
  finding.expect(with == 0, "with a subscriber PUBACK has " + reason_text(with));
  finding.expect(without == 0 || without == kNoMatchingSubscribers,
                 "without a subscriber PUBACK has " + reason_text(without));
  finding.figure("tells_no_subscribers", without == kNoMatchingSubscribers ? 1 : 0);
}

}  // namespace

std::vector<Check> subscription_checks() {
  return {
      {.id = "delivery.suback_codes",
       .title = "each filter of a SUBSCRIBE has its answer, in order",
       .reference = "[MQTT-3.8.4-6], [MQTT-3.8.4-7], [MQTT-3.9.3-1]; 3.1.1: [MQTT-3.8.4-5]",
       .meaning = "A device takes a subscription for granted that it does not have.",
       .run = suback_codes},
      {.id = "delivery.unsubscribe",
       .title = "after UNSUBACK nothing comes",
       .reference = "[MQTT-3.10.4-2]",
       .meaning = "A device pays for messages that it has told it does not want.",
       .run = unsubscribe},
      {.id = "delivery.unsuback_codes",
       .title = "UNSUBACK tells a subscription that existed from one that did not",
       .reference = "[MQTT-3.11.3-2], section 3.11.3",
       .meaning = "A device cannot tell that its subscription was lost already.",
       .needs = Need::mqtt5,
       .run = unsuback_codes},
      {.id = "delivery.subscription_replaced",
       .title = "a second SUBSCRIBE with the same filter replaces the first",
       .reference = "[MQTT-3.8.4-3]",
       .meaning = "After each reconnection messages come once more often, or at the wrong QoS.",
       .run = replaced},
      {.id = "delivery.overlapping",
       .title = "where two subscriptions match, the higher QoS counts",
       .reference = "[MQTT-3.3.4-2]; 3.1.1: [MQTT-3.3.5-1]",
       .meaning = "Messages that were to be acknowledged are not, and are lost with the link.",
       .settings = {{"mosquitto", "allow_duplicate_messages true (for MQTT 3.1.1)"}},
       .run = overlapping},
      {.id = "delivery.no_local",
       .title = "No Local keeps a client's own messages from it",
       .reference = "[MQTT-3.8.3-3]",
       .meaning = "A device pays for its own messages a second time.",
       .needs = Need::mqtt5,
       .run = no_local},
      {.id = "delivery.subscription_identifier",
       .title = "messages carry the identifier of their subscription",
       .reference = "[MQTT-3.3.4-3]",
       .meaning = "Backends that go by it cannot tell what a message belongs to.",
       .settings = {{"HiveMQ", "<subscription-identifier><enabled>true"}},
       .needs = Need::mqtt5,
       .run = subscription_identifier},
      {.id = "delivery.shared",
       .title = "each message goes to exactly one member of a shared subscription",
       .reference = "section 4.8.2, [MQTT-4.8.2-1]",
       .meaning = "Backends that share the work do it twice, or leave it undone.",
       .settings = {{"EMQX", "mqtt.shared_subscription = true"},
                    {"HiveMQ", "<shared-subscriptions><enabled>true"}},
       .needs = Need::mqtt5,
       .run = shared},
      {.id = "delivery.puback_codes",
       .title = "PUBACK tells truly whether anybody has subscribed",
       .reference = "[MQTT-3.4.2-1], section 3.4.2.1",
       .meaning = "A device that acts on the code takes a message for lost that was delivered.",
       .needs = Need::mqtt5,
       .run = puback_codes},
  };
}

}  // namespace holdfast::broker_test
