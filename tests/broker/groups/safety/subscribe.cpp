// Subscriptions that break rules.

#include <array>

#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kFilterInvalid = 0x8F;

Bytes subscribe_to(Stage& stage, const std::string& filter, unsigned options = 0) {
  const std::array one{Subscription{filter, static_cast<std::uint8_t>(options)}};
  return encode_subscribe(9, one, stage.version());
}

void no_filter(Stage& stage, Finding& finding) {
  const auto none = no_properties(stage.version());
  provoke(stage, finding,
          {{"SUBSCRIBE", encode_raw(Type::subscribe, 0x02, Body().two(9).raw(none))},
           {"UNSUBSCRIBE", encode_raw(Type::unsubscribe, 0x02, Body().two(9).raw(none))}});
}

void options(Stage& stage, Finding& finding) {
  const std::string filter = stage.topic();
  std::vector<Act> acts{{"QoS 3", subscribe_to(stage, filter, 0x03)},
                        {"bit 7", subscribe_to(stage, filter, 0x80)},
                        {"bit 6", subscribe_to(stage, filter, 0x40)}};
  if (stage.speaks_mqtt5()) {
    acts.push_back({"retain handling 3", subscribe_to(stage, filter, 0x30)});
  } else {
    acts.push_back({"bit 2", subscribe_to(stage, filter, 0x04)});
  }
  provoke(stage, finding, acts);
}

void filters(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const char* name : {"a/#/b", "#/a", "a#", "a+", "+a", "a/+b/c"}) {
    acts.push_back({name, subscribe_to(stage, stage.topic(name)), {kFilterInvalid, 0x81, 0x82}});
  }
  acts.push_back({"no filter", subscribe_to(stage, ""), {kFilterInvalid, 0x81, 0x82}});
  provoke(stage, finding, acts, Instead::refusal);
}

void filter_text(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const BadText& bad : bad_texts()) {
    acts.push_back({bad.what,
                    subscribe_to(stage, stage.topic("a") + std::string(bad.bytes)),
                    {0x81, 0x82, kFilterInvalid}});
  }
  provoke(stage, finding, acts, Instead::refusal);
}

bool has_shared(Stage& stage, Finding& finding) {
  const auto peer = stage.open();
  const Connack connack = peer->connect(stage.login());
  peer->disconnect();
  if (connack.properties.number(Property::shared_available).value_or(1) != 0) return true;
  finding.not_applicable("the broker has no shared subscriptions");
  return false;
}

void shared_no_local(Stage& stage, Finding& finding) {
  if (!has_shared(stage, finding)) return;
  provoke(stage, finding,
          {{"no local", subscribe_to(stage, "$share/group/" + stage.topic(), kNoLocal), {0x82}}},
          Instead::any_answer);
}

void shared_filters(Stage& stage, Finding& finding) {
  if (!has_shared(stage, finding)) return;
  std::vector<Act> acts;
  for (const std::string& filter :
       {"$share//" + stage.topic(), "$share/a+/" + stage.topic(), "$share/a#/" + stage.topic(),
        std::string("$share/group"), std::string("$share/group/")}) {
    acts.push_back({filter, subscribe_to(stage, filter), {kFilterInvalid, 0x81, 0x82}});
  }
  provoke(stage, finding, acts, Instead::any_answer);
}

}  // namespace

std::vector<Check> safety_subscribe_checks() {
  return {
      {.id = "safety.no_filter",
       .title = "a SUBSCRIBE or UNSUBSCRIBE without a filter ends the connection",
       .reference = "[MQTT-3.8.3-2], [MQTT-3.10.3-2]; 3.1.1: [MQTT-3.8.3-3], [MQTT-3.10.3-2]",
       .meaning = "The client waits for an answer that tells nothing.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = no_filter},
      {.id = "safety.subscribe_options",
       .title = "reserved bits in a subscription's options end the connection",
       .reference = "[MQTT-3.8.3-5], section 3.8.3.1; 3.1.1: [MQTT-3-8.3-4]",
       .meaning = "The subscription is another one than the client believes.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = options},
      {.id = "safety.filters",
       .title = "a wildcard at a place where none may be is not granted",
       .reference = "[MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-1]; 3.1.1: [MQTT-4.7.1-2], "
                    "[MQTT-4.7.1-3], [MQTT-4.7.3-1]",
       .meaning = "A filter that fits more than it says gets around rules by prefix.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = filters},
      {.id = "safety.filter_text",
       .title = "a filter that is no text is not granted",
       .reference = "[MQTT-3.8.3-1], [MQTT-1.5.4-1], [MQTT-4.7.3-2]; 3.1.1: [MQTT-1.5.3-1], "
                    "[MQTT-1.5.3-2]",
       .meaning = "What cannot be written in a rule cannot be forbidden by one.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = filter_text},
      {.id = "safety.shared_no_local",
       .title = "no local on a shared subscription ends the connection",
       .reference = "[MQTT-3.8.3-4]",
       .meaning = "Members of a group would not get what they believe to share.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::mqtt5 | Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = shared_no_local},
      {.id = "safety.shared_filters",
       .title = "a shared subscription without a group or a filter is not granted",
       .reference = "[MQTT-4.8.2-1], [MQTT-4.8.2-2]",
       .meaning = "The name of a group can be used to get around rules by prefix.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::mqtt5 | Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = shared_filters},
  };
}

}  // namespace holdfast::broker_test
