// Publications that break rules: the connection ends, and nobody gets them.

#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kTopicNameInvalid = 0x90;

Bytes publish_to(Stage& stage, const std::string& topic, unsigned qos = 0) {
  return encode(Publish{.topic = topic, .payload = "x", .qos = qos, .packet_id = 9},
                stage.version());
}

void qos_3(Stage& stage, Finding& finding) {
  const Publish packet{.topic = stage.topic("qos"), .payload = "x", .qos = 3, .packet_id = 9};
  provoke(stage, finding, {{"QoS 3", encode(packet, stage.version())}});
}

void duplicate_qos_0(Stage& stage, Finding& finding) {
  const Publish packet{.topic = stage.topic("bystander"), .payload = "x", .duplicate = true};
  Bystander bystander(stage);
  const auto peer = stage.log_in("h");
  peer->send(packet);
  try {
    peer->ping();
    finding.warn("the broker took it");
  } catch (const PeerError& error) {
    if (!error.ended_by_broker()) throw;
    finding.pass("closed " + text_of(error));
  }
  // Whether it is delivered is the broker's choice; the bystander's own messages have to be.
  bystander.unharmed(finding);
}

void packet_id_0(Stage& stage, Finding& finding) {
  const Version version = stage.version();
  const std::vector<Subscription> filters{{stage.topic(), 0}};
  const Publish packet{.topic = stage.topic("id"), .payload = "x", .qos = 1};
  provoke(stage, finding,
          {{"PUBLISH", encode(packet, version)},
           {"SUBSCRIBE", encode_subscribe(0, filters, version)},
           {"UNSUBSCRIBE", encode_unsubscribe(0, stage.topic(), version)}});
}

void wildcard_topic(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const char* name : {"+", "a/+/b", "#", "a/#", "a+", "a#"}) {
    acts.push_back(
        {name, publish_to(stage, stage.topic(name), 1), {kTopicNameInvalid, 0x81, 0x82}});
  }
  provoke(stage, finding, acts, Instead::refusal);
}

void empty_topic(Stage& stage, Finding& finding) {
  provoke(stage, finding, {{"no topic", publish_to(stage, "", 1), {0x81, 0x82, kTopicNameInvalid}}},
          Instead::refusal);
}

void topic_text(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const BadText& bad : bad_texts()) {
    acts.push_back({bad.what,
                    publish_to(stage, stage.topic("a") + std::string(bad.bytes)),
                    {0x81, 0x82, kTopicNameInvalid}});
  }
  provoke(stage, finding, acts);
}

void will_topic(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const char* name : {"+", "#"}) {
    Connect packet = stage.login();
    packet.will = Will{.topic = stage.topic(name), .payload = "x"};
    acts.push_back({std::string("a will to ") + name, encode(packet)});
  }
  Connect text = stage.login();
  text.will =
      Will{.topic = stage.topic("will") + std::string(octets("\xED\xA0\x80")), .payload = "x"};
  acts.push_back({"a surrogate", encode(text)});
  Connect empty = stage.login();
  empty.will = Will{.topic = "", .payload = "x"};
  acts.push_back({"no topic", encode(empty)});
  provoke_at_login(stage, finding, acts);
}

}  // namespace

std::vector<Check> safety_publish_checks() {
  return {
      {.id = "safety.qos_3",
       .title = "a PUBLISH of QoS 3 ends the connection",
       .reference = "[MQTT-3.3.1-4]",
       .meaning = "Messages are taken whose delivery nobody has defined.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = qos_3},
      {.id = "safety.duplicate_qos_0",
       .title = "a PUBLISH of QoS 0 that calls itself a repetition ends the connection",
       .reference = "[MQTT-3.3.1-2]",
       .meaning = "Harmless in itself; only the sender is bound by the statement.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = duplicate_qos_0},
      {.id = "safety.packet_id_0",
       .title = "the packet identifier 0 ends the connection",
       .reference = "[MQTT-2.2.1-3]; 3.1.1: [MQTT-2.3.1-1]",
       .meaning = "The broker acknowledges what the client cannot tell apart.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = packet_id_0},
      {.id = "safety.wildcard_topic",
       .title = "a PUBLISH to a wildcard is not taken",
       .reference = "[MQTT-3.3.2-2], [MQTT-4.7.0-1]; 3.1.1: also [MQTT-4.8.0-1]",
       .meaning = "One device can address topics of many.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = wildcard_topic},
      {.id = "safety.empty_topic",
       .title = "a PUBLISH without a topic is not taken",
       .reference = "[MQTT-4.7.3-1], section 3.3.2.1",
       .meaning = "The message goes to a place that no rule of the broker's names.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = empty_topic},
      {.id = "safety.topic_text",
       .title = "a topic that is no text ends the connection",
       .reference = "[MQTT-1.5.4-1], [MQTT-1.5.4-2], [MQTT-3.3.2-1]; 3.1.1: [MQTT-1.5.3-1], "
                    "[MQTT-1.5.3-2]",
       .meaning = "A subscriber that checks what it reads hangs up: one device cuts off others.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = topic_text},
      {.id = "safety.will_topic",
       .title = "a will to what is no topic is refused",
       .reference = "[MQTT-3.1.3-9], [MQTT-4.7.0-1], [MQTT-4.7.3-1]; 3.1.1: [MQTT-3.1.3-10]",
       .meaning = "The will is the way around the checks of PUBLISH.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = will_topic},
  };
}

}  // namespace holdfast::broker_test
