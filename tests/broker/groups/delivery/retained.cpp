// Retained messages: the last state of a topic, for whoever comes later.

#include <optional>

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

void retain(Stage& stage, MqttPeer& peer, const std::string& payload) {
  require_retained(peer);
  stage.note_retained(stage.topic());
  publish(peer, {.topic = stage.topic(), .payload = payload, .qos = 1, .retain = true});
}

// Retained by somebody who is gone.
void retain(Stage& stage, const std::string& payload) {
  const auto peer = stage.log_in("from");
  retain(stage, *peer, payload);
  peer->disconnect();
}

// What a new subscriber gets must be `due`.
void expect_retained(Stage& stage, Finding& finding, const std::string& due,
                     const std::string& otherwise) {
  const auto peer = stage.log_in("to");
  subscribe_at(*peer, stage.topic(), 1);
  const auto came = peer->try_receive(stage.patience());
  if (!finding.expect(came.has_value(), "no retained message came")) return;
  finding.saw(text_of(*came) + ": " + came->payload);
  finding.expect(came->payload == due, otherwise);
}

// What must not come. A busy broker gets its time: none is counted before it has read a ping.
std::optional<Publish> unwanted(MqttPeer& peer) {
  peer.ping();
  return peer.try_receive(Stage::kQuiet);
}

void set(Stage& stage, Finding& finding) {
  retain(stage, "state");
  const auto peer = stage.log_in("to");
  subscribe_at(*peer, stage.topic(), 1);
  const auto came = peer->try_receive(stage.patience());
  if (!finding.expect(came.has_value(), "a later subscriber did not get it")) return;
  finding.saw(text_of(*came));
  finding.expect(came->payload == "state", "its payload was altered");
  finding.expect(came->retain, "it came without RETAIN, as if it had been sent just now");
}

void replaced(Stage& stage, Finding& finding) {
  retain(stage, "old");
  retain(stage, "new");
  expect_retained(stage, finding, "new", "another message than the last one came");
}

void not_replaced(Stage& stage, Finding& finding) {
  const auto from = stage.log_in("from");
  retain(stage, *from, "state");
  publish(*from, {.topic = stage.topic(), .payload = "event", .qos = 1});
  expect_retained(stage, finding, "state", "a message without RETAIN has taken its place");
}

void deleted(Stage& stage, Finding& finding) {
  retain(stage, "state");
  retain(stage, "");
  const auto peer = stage.log_in("to");
  subscribe_at(*peer, stage.topic(), 1);
  const auto came = unwanted(*peer);
  if (came) finding.fail("after an empty message " + text_of(*came) + " came");
}

void flag_cleared(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  subscribe_at(*to, stage.topic(), 1);
  retain(stage, "state");
  const Publish came = to->receive(stage.patience());
  finding.saw(text_of(came));
  finding.expect(!came.retain, "RETAIN is set in a message that was sent just now");
}

void as_published(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  subscribe_at(*to, stage.topic(), 1, kRetainAsPublished);
  const auto from = stage.log_in("from");
  retain(stage, *from, "state");
  publish(*from, {.topic = stage.topic(), .payload = "event", .qos = 1});
  const Publish state = to->receive(stage.patience());
  const Publish event = to->receive(stage.patience());
  finding.saw(text_of(state) + "; " + text_of(event));
  finding.expect(state.retain, "RETAIN was taken off although the subscription keeps it");
  finding.expect(!event.retain, "RETAIN was set on a message that had none");
}

// A SUBSCRIBE again brings the state again, unless Retain Handling says otherwise.
void sent_again(Stage& stage, Finding& finding) {
  retain(stage, "state");
  const auto peer = stage.log_in("to");
  for (const char* which : {"first", "second"}) {
    subscribe_at(*peer, stage.topic(), 1);
    const auto came = peer->try_receive(stage.patience());
    finding.expect(came.has_value(), std::string("the ") + which + " SUBSCRIBE brought none");
    if (!came) return;
  }
}

void handling_1(Stage& stage, Finding& finding) {
  retain(stage, "state");
  const auto peer = stage.log_in("to");
  subscribe_at(*peer, stage.topic(), 1, kRetainedIfNew);
  const auto first = peer->try_receive(stage.patience());
  if (!finding.expect(first.has_value(), "a new subscription brought none")) return;
  subscribe_at(*peer, stage.topic(), 1, kRetainedIfNew);
  const auto second = unwanted(*peer);
  finding.expect(!second.has_value(), "a subscription that existed brought it again");
}

void handling_2(Stage& stage, Finding& finding) {
  retain(stage, "state");
  const auto peer = stage.log_in("to");
  subscribe_at(*peer, stage.topic(), 1, kNoRetained);
  const auto came = unwanted(*peer);
  finding.expect(!came.has_value(), "it came although none was asked for");
}

}  // namespace

std::vector<Check> retained_checks() {
  const std::vector<Setting> on{{"mosquitto", "retain_available true"},
                                {"EMQX", "retainer.enable = true"},
                                {"HiveMQ", "<retained-messages><enabled>true"}};
  return {
      {.id = "delivery.retained",
       .title = "a retained message comes to a later subscriber, flagged as such",
       .reference = "[MQTT-3.3.1-5], [MQTT-3.3.1-9]; 3.1.1: [MQTT-3.3.1-6], [MQTT-3.3.1-8]",
       .meaning = "A device that comes back does not learn its configuration, or takes an old one "
                  "for news.",
       .settings = on,
       .run = set},
      {.id = "delivery.retained_replaced",
       .title = "the next retained message takes the place of the last",
       .reference = "[MQTT-3.3.1-5]",
       .meaning = "Devices get a configuration that was withdrawn.",
       .settings = {{"EMQX", "retainer.backend.max_retained_messages = 0 (no limit)"}},
       .run = replaced},
      {.id = "delivery.retained_kept",
       .title = "a message without RETAIN leaves the retained one alone",
       .reference = "[MQTT-3.3.1-8]; 3.1.1: [MQTT-3.3.1-12]",
       .meaning = "The last state of a topic is lost with the next event on it.",
       .run = not_replaced},
      {.id = "delivery.retained_deleted",
       .title = "an empty retained message deletes what was retained",
       .reference = "[MQTT-3.3.1-6], [MQTT-3.3.1-7]; 3.1.1: [MQTT-3.3.1-10], [MQTT-3.3.1-11]",
       .meaning = "What was retained once can never be withdrawn.",
       .run = deleted},
      {.id = "delivery.retained_live",
       .title = "those who have subscribed already get it without RETAIN",
       .reference = "[MQTT-3.3.1-12]; 3.1.1: [MQTT-3.3.1-9]",
       .meaning = "A device takes news for an old state, and may not act on it.",
       .run = flag_cleared},
      {.id = "delivery.retain_as_published",
       .title = "Retain As Published keeps the flag as it was sent",
       .reference = "[MQTT-3.3.1-13]",
       .meaning = "Bridges between brokers lose what is retained.",
       .needs = Need::mqtt5,
       .run = as_published},
      {.id = "delivery.retained_again",
       .title = "a SUBSCRIBE again brings the retained message again",
       .reference = "[MQTT-3.8.4-4]; 3.1.1: [MQTT-3.8.4-3]",
       .meaning = "A device that asks for its state again does not get it.",
       .run = sent_again},
      {.id = "delivery.retain_handling_1",
       .title = "Retain Handling 1 sends it to new subscriptions only",
       .reference = "[MQTT-3.3.1-10]",
       .meaning = "Each reconnection pays for states that have not changed.",
       .needs = Need::mqtt5,
       .run = handling_1},
      {.id = "delivery.retain_handling_2",
       .title = "Retain Handling 2 sends none",
       .reference = "[MQTT-3.3.1-11]",
       .meaning = "Devices pay for states that they have said they do not want.",
       .needs = Need::mqtt5,
       .run = handling_2},
  };
}

}  // namespace holdfast::broker_test
