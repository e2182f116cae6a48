// MQTT 5: properties that are wrong, twice there, at the wrong place, or too long.

#include <array>

#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kAliasInvalid = 0x94;

Bytes subscribe_with(Stage& stage, std::string_view properties) {
  return encode_raw(Type::subscribe, 0x02,
                    Body().two(9).properties(properties).text(stage.topic()).byte(0));
}

/// These lists in the packets that come after a login, and in CONNECT.
struct Lists {
  std::string_view publish;
  std::string_view subscribe;
  std::string_view connect;
};

void try_lists(Stage& stage, Finding& finding, const Lists& lists) {
  provoke(stage, finding,
          {{"PUBLISH", publish_with(stage.topic("properties"), lists.publish)},
           {"SUBSCRIBE", subscribe_with(stage, lists.subscribe)}});
  provoke_at_login(stage, finding, {{"CONNECT", connect_with(stage.login(), lists.connect)}});
}

void twice(Stage& stage, Finding& finding) {
  try_lists(stage, finding,
            {.publish = octets("\x03\x00\x01"
                               "a"
                               "\x03\x00\x01"
                               "b"),
             .subscribe = octets("\x0B\x01\x0B\x02"),
             .connect = octets("\x21\x00\x0A\x21\x00\x0B")});
}

void unknown(Stage& stage, Finding& finding) {
  constexpr auto kUnknown = octets("\x7A\x00");
  try_lists(stage, finding, {kUnknown, kUnknown, kUnknown});
}

// Each is one of another packet.
void foreign(Stage& stage, Finding& finding) {
  try_lists(stage, finding,
            {.publish = octets("\x11\x00\x00\x00\x01"),
             .subscribe = octets("\x01\x00"),
             .connect = octets("\x23\x00\x01")});
}

void beyond(Stage& stage, Finding& finding) {
  const std::string topic = stage.topic("properties");
  Bytes connect = connect_with(stage.login(), octets("\x21\x00\x0A"));
  Bytes body = body_of(connect);
  body[10] = 0x7F;
  body.resize(40);
  provoke(stage, finding,
          {{"PUBLISH", encode_raw(Type::publish, 0, Body().text(topic).byte(0x7F).raw("x"))},
           {"SUBSCRIBE", encode_raw(Type::subscribe, 0x02,
                                    Body().two(9).byte(0x7F).text(stage.topic()).byte(0))},
           {"a property beyond the list", publish_with(topic, octets("\x03\x00\x7F"
                                                                     "a"))},
           {"a list without an end",
            encode_raw(Type::publish, 0, Body().text(topic).raw(octets("\xFF\xFF\xFF\xFF\x01")))}});
  provoke_at_login(stage, finding, {{"CONNECT", encode_raw(Type::connect, 0, body)}});
}

void values(Stage& stage, Finding& finding) {
  const Connect login = stage.login();
  provoke_at_login(stage, finding,
                   {{"Receive Maximum 0", connect_with(login, octets("\x21\x00\x00"))},
                    {"Maximum Packet Size 0", connect_with(login, octets("\x27\x00\x00\x00\x00"))},
                    {"Request Problem Information 2", connect_with(login, octets("\x17\x02"))}});
  provoke(stage, finding,
          {{"Subscription Identifier 0", subscribe_with(stage, octets("\x0B\x00"))}});
}

void topic_alias(Stage& stage, Finding& finding) {
  const auto peer = stage.open();
  const Connack connack = peer->connect(stage.login());
  peer->disconnect();
  const unsigned most = connack.properties.number(Property::topic_alias_maximum).value_or(0);
  finding.figure("topic_alias_maximum", most);
  const std::string topic = stage.topic("alias");
  const auto with_alias = [&](const std::string& name, unsigned alias) {
    Publish packet{.topic = name, .payload = "x"};
    packet.properties.number(Property::topic_alias, alias);
    return encode(packet, Version::v5);
  };
  std::vector<Act> acts{{"alias 0", with_alias(topic, 0), {kAliasInvalid}}};
  if (most < 0xFFFF) {
    acts.push_back({"an alias above the maximum", with_alias(topic, most + 1), {kAliasInvalid}});
  }
  if (most > 0) acts.push_back({"an alias that was never set", with_alias("", most), {0x82}});
  provoke(stage, finding, acts);
}

// Others are hurt where the identifier reaches them: theirs tell which handler a message is for.
void client_subscription_id(Stage& stage, Finding& finding) {
  const auto subscriber = stage.log_in("subscriber");
  subscriber->subscribe(stage.topic("properties"));
  const auto sender = stage.log_in("sender");
  sender->send_raw(publish_with(stage.topic("properties"), octets("\x0B\x05")));
  try {
    sender->ping();
  } catch (const PeerError& end) {
    if (!end.ended_by_broker()) throw;
    finding.pass("closed " + text_of(end));
    return;
  }
  const auto came = subscriber->try_receive(Stage::kQuiet);
  if (came && came->properties.has(Property::subscription_identifier)) {
    finding.fail("a subscriber got the identifier that the sender has made up");
  } else {
    finding.warn("the broker went on, and kept the identifier to itself");
  }
}

void response_topic(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const char* name : {"#", "a/+"}) {
    Publish packet{.topic = stage.topic("properties"), .payload = "x", .qos = 1, .packet_id = 9};
    packet.properties.text(Property::response_topic, stage.topic(name));
    acts.push_back({name, encode(packet, Version::v5), {0x81, 0x82, 0x90}});
  }
  provoke(stage, finding, acts, Instead::any_answer);
}

void property_text(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const BadText& bad : bad_texts()) {
    Publish packet{.topic = stage.topic("properties"), .payload = "x"};
    packet.properties.user("name", std::string(bad.bytes));
    acts.push_back({bad.what, encode(packet, Version::v5)});
  }
  provoke(stage, finding, acts);
}

void auth_alone(Stage& stage, Finding& finding) {
  // Reason 0x19, re-authenticate, with the method "x".
  const Bytes again =
      encode_raw(Type::auth, 0, Body().byte(0x19).properties(octets("\x15\x00\x01x")));
  provoke(stage, finding,
          {{"AUTH", encode_raw(Type::auth, 0), {0x81, 0x82}},
           {"AUTH to authenticate again", again, {0x81, 0x82, 0x8C}}});
}

}  // namespace

std::vector<Check> safety_property_checks() {
  constexpr auto kNeeds = Need::mqtt5 | Need::invasive;
  constexpr auto kLimit = std::chrono::seconds(60);
  constexpr const char* kMeaning =
      "Devices and back ends get properties that they read in different ways.";
  return {
      {.id = "safety.property_twice",
       .title = "a property that is there twice ends the connection",
       .reference = "sections 3.1.2.11.3, 3.3.2.3.9, 3.8.2.1.2; [MQTT-4.13.1-1]",
       .meaning = kMeaning,
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = twice},
      {.id = "safety.property_unknown",
       .title = "an unknown property ends the connection",
       .reference = "section 2.2.2.2, [MQTT-4.13.1-1]",
       .meaning = kMeaning,
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = unknown},
      {.id = "safety.property_foreign",
       .title = "a property of another packet ends the connection",
       .reference = "section 2.2.2.2, [MQTT-4.13.1-1]",
       .meaning = kMeaning,
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = foreign},
      {.id = "safety.property_length",
       .title = "properties that reach beyond their packet end the connection",
       .reference = "section 2.2.2.1, [MQTT-4.13.1-1]",
       .meaning = "The broker reads beyond what was sent.",
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = beyond},
      {.id = "safety.property_values",
       .title = "a value that a property must not have ends the connection",
       .reference = "sections 3.1.2.11.3, 3.1.2.11.4, 3.1.2.11.7, 3.8.2.1.2; "
                    "[MQTT-4.13.1-1]",
       .meaning = kMeaning,
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = values},
      {.id = "safety.topic_alias",
       .title = "a topic alias that does not exist ends the connection",
       .reference = "[MQTT-3.3.2-8], [MQTT-3.3.2-9], section 3.3.2.3.4 (0x94)",
       .meaning = "A message goes to another topic than the device believes.",
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = topic_alias},
      {.id = "safety.client_subscription_id",
       .title = "a client's PUBLISH with a subscription identifier ends the connection",
       .reference = "[MQTT-3.3.4-6]",
       .meaning = "One device can steer another's messages to the wrong handler.",
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = client_subscription_id},
      {.id = "safety.response_topic",
       .title = "a response topic with a wildcard is not taken",
       .reference = "[MQTT-3.3.2-14]",
       .meaning = "Whoever answers publishes to a wildcard, and is the one that is closed.",
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = response_topic},
      {.id = "safety.property_text",
       .title = "a user property that is no text ends the connection",
       .reference = "[MQTT-1.5.7-1], [MQTT-1.5.4-1], [MQTT-1.5.4-2]",
       .meaning = "A subscriber that checks what it reads hangs up: one device cuts off others.",
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = property_text},
      {.id = "safety.auth_alone",
       .title = "an AUTH that nobody asked for ends the connection",
       .reference = "[MQTT-4.12.0-7], [MQTT-4.12.1-1]",
       .meaning = "A login can be changed in a way that nobody has set up.",
       .settings = {{"", kNoSettingMends}},
       .needs = kNeeds,
       .limit = kLimit,
       .run = auth_alone},
  };
}

}  // namespace holdfast::broker_test
