// What a broker does with a CONNECT that breaks rules, and with those that send none.

#include <utility>

#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

// Where a CONNECT's body has what is broken here.
constexpr std::size_t kNameAt = 2;
constexpr std::size_t kVersionAt = 6;
constexpr std::size_t kFlagsAt = 7;

Bytes connect_with_byte(const Connect& packet, std::size_t at, unsigned value) {
  Bytes body = body_of(encode(packet));
  body[at] = static_cast<std::uint8_t>(value);
  return encode_raw(Type::connect, 0, body);
}

Bytes connect_with_flags(const Connect& packet, unsigned more) {
  return connect_with_byte(packet, kFlagsAt, body_of(encode(packet))[kFlagsAt] | more);
}

void first_packet(Stage& stage, Finding& finding) {
  const Version version = stage.version();
  const std::vector<Subscription> filters{{stage.topic("#"), 0}};
  std::vector<Act> acts{
      {"PUBLISH", encode(Publish{.topic = stage.topic(), .payload = "x"}, version)},
      {"SUBSCRIBE", encode_subscribe(1, filters, version)},
      {"UNSUBSCRIBE", encode_unsubscribe(1, stage.topic("#"), version)},
      {"PUBREL", encode(Acknowledgement{.type = Type::pubrel, .packet_id = 1}, version)},
      {"PINGREQ", encode_raw(Type::pingreq, 0)},
      {"DISCONNECT", encode_raw(Type::disconnect, 0)}};
  if (stage.speaks_mqtt5()) acts.push_back({"AUTH", encode_raw(Type::auth, 0)});
  provoke_at_login(stage, finding, acts);
}

void second_connect(Stage& stage, Finding& finding) {
  Connect other = stage.login("other");
  provoke(stage, finding,
          {{"the same CONNECT again", encode(stage.login("h0")), {0x82}},
           {"a CONNECT with another client id", encode(other), {0x82}}});
}

void protocol_name(Stage& stage, Finding& finding) {
  const Connect packet = stage.login();
  Bytes empty = body_of(encode(packet));
  empty.erase(empty.begin() + kNameAt, empty.begin() + kVersionAt);
  empty[1] = 0;
  provoke_at_login(stage, finding,
                   {{"MQTX", connect_with_byte(packet, kVersionAt - 1, 'X')},
                    {"mQTT", connect_with_byte(packet, kNameAt, 'm')},
                    {"no name", encode_raw(Type::connect, 0, empty)}});
}

// 0x83 and 0x84 are the bridges of some brokers.
void protocol_version(Stage& stage, Finding& finding) {
  const Connect packet = stage.login();
  std::vector<Act> acts;
  for (const unsigned version : {0U, 6U, 99U}) {
    acts.push_back(
        {"version " + std::to_string(version), connect_with_byte(packet, kVersionAt, version)});
  }
  provoke_at_login(stage, finding, acts);
}

void connect_flags(Stage& stage, Finding& finding) {
  const Connect packet = stage.login();
  Connect will = packet;
  will.will = Will{.topic = stage.topic("will"), .payload = "x"};
  const Bytes body = body_of(encode(packet));
  std::vector<Act> acts{{"the reserved flag", connect_with_flags(packet, 0x01)},
                        {"a will's QoS without a will", connect_with_flags(packet, 0x08)},
                        {"a will's retain without a will", connect_with_flags(packet, 0x20)},
                        {"a will of QoS 3", connect_with_flags(will, 0x18)},
                        {"flags of the fixed header", encode_raw(Type::connect, 0x01, body)}};
  if (!stage.speaks_mqtt5()) {
    Connect password = packet;
    password.username.reset();
    password.password = "x";
    acts.push_back({"a password without a user name", encode(password)});
  }
  provoke_at_login(stage, finding, acts);
}

void connect_cut(Stage& stage, Finding& finding) {
  const Bytes packet = encode(stage.login());
  break_off(stage, finding, packet, false);
  provoke_at_login(stage, finding, shortened(packet, packet.size()));
}

Connect named(Stage& stage, std::string_view client_id) {
  Connect packet = stage.login();
  packet.client_id = std::string(client_id);
  return packet;
}

void client_id_text(Stage& stage, Finding& finding) {
  std::vector<Act> acts;
  for (const BadText& bad : bad_texts()) {
    acts.push_back({bad.what, encode(named(stage, stage.client_id("c") + std::string(bad.bytes)))});
  }
  provoke_at_login(stage, finding, acts);
}

// A name or an id that nobody has to take, but that has to be answered. @return whether it did
bool try_long(Stage& stage, Finding& finding, const Connect& packet, const char* what) {
  const auto peer = stage.open();
  try {
    const Connack connack = peer->try_connect(packet);
    finding.saw(std::string(what) + ": CONNACK with " + reason_text(connack.reason));
    if (connack.reason == 0) peer->disconnect();
  } catch (const PeerError& error) {
    if (error.how() == Ending::time_up) {
      finding.fail(std::string(what) + ": neither answered nor closed");
      return false;
    }
    finding.saw(std::string(what) + ": closed " + text_of(error));
  }
  return true;
}

void long_fields(Stage& stage, Finding& finding) {
  constexpr std::size_t kLongest = 65'535;
  Bystander bystander(stage);
  std::string id = stage.client_id("long-");
  id.resize(kLongest, 'x');
  Connect name = stage.login("name");
  name.username = std::string(kLongest, 'x');
  name.password = "x";
  if (!try_long(stage, finding, named(stage, id), "a client id of 65,535 bytes")) return;
  if (!bystander.unharmed(finding)) return;
  if (!try_long(stage, finding, name, "a user name of 65,535 bytes")) return;
  if (bystander.unharmed(finding)) finding.pass("both were answered");
}

// MQTT 5 lets a broker name such a client; 3.1.1 does not.
void empty_client_id(Stage& stage, Finding& finding) {
  constexpr std::uint8_t kIdentifierRejected = 2;
  Connect packet = named(stage, "");
  packet.version = Version::v311;
  packet.clean = false;
  const auto peer = stage.open(Version::v311);
  try {
    const Connack connack = peer->try_connect(packet);
    if (connack.reason == 0) {
      peer->disconnect();
      finding.fail("a client without a name got a session that nobody can come back to");
    } else if (connack.reason == kIdentifierRejected) {
      finding.pass("refused with return code 2");
    } else {
      finding.pass("refused with return code " + std::to_string(connack.reason));
    }
  } catch (const PeerError& error) {
    if (error.how() == Ending::time_up) throw;
    finding.pass("closed " + text_of(error));
  }
}

void auth_method(Stage& stage, Finding& finding) {
  Connect unknown = stage.login();
  unknown.properties.text(Property::authentication_method, "holdfast-unknown");
  Connect data = stage.login();
  data.properties.text(Property::authentication_data, "x");
  provoke_at_login(stage, finding,
                   {{"a method that nobody knows", encode(unknown)},
                    {"authentication data without a method", encode(data)}},
                   Instead::any_answer);
}

// The packets behind a CONNECT that is refused come from somebody who has not logged in.
void after_refusal(Stage& stage, Finding& finding) {
  Bystander bystander(stage);
  const auto attempt = [&](const char* what, Bytes connect) {
    const Bytes message =
        encode(Publish{.topic = stage.topic("stowaway"), .payload = "x"}, stage.version());
    connect.insert(connect.end(), message.begin(), message.end());
    const auto peer = stage.open();
    peer->send_raw(connect);
    try {
      const Packet packet = peer->next_packet(stage.patience());
      if (packet.type == Type::connack && packet.body.size() >= 2 && packet.body[1] == 0) {
        finding.not_applicable(std::string(what) + " was not refused");
        bystander.unharmed(finding);
        bystander.forget();  // it was logged in, and may publish
        return;
      }
      finding.saw(std::string(what) + ": " + std::string(name_of(packet.type)));
      if (!peer->wait_end(stage.patience())) {
        finding.fail(std::string(what) + ": refused, but the connection stays open");
      }
    } catch (const PeerError& error) {
      finding.saw(std::string(what) + ": closed " + text_of(error));
    }
    if (bystander.untouched(finding)) finding.pass("nothing that came behind it was taken");
  };
  attempt("an unknown version", connect_with_byte(stage.login(), kVersionAt, 99));
  if (stage.options().username.empty()) return;
  Connect wrong = stage.login();
  wrong.password = "wrong-" + stage.client_id();
  attempt("a wrong password", encode(wrong));
}

}  // namespace

std::vector<Check> safety_connect_checks() {
  return {
      {.id = "safety.first_packet",
       .title = "who has not logged in can do nothing",
       .reference = "[MQTT-3.1.0-1], [MQTT-3.1.4-6]; 3.1.1: [MQTT-3.1.0-1], [MQTT-4.8.0-1]",
       .meaning = "Anybody who reaches the port can publish or hold connections.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = first_packet},
      {.id = "safety.second_connect",
       .title = "a second CONNECT ends the connection",
       .reference = "[MQTT-3.1.0-2]",
       .meaning = "A client can change its identity behind the broker's login.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = second_connect},
      {.id = "safety.protocol_name",
       .title = "another protocol's CONNECT is refused",
       .reference = "[MQTT-3.1.2-1], [MQTT-3.1.4-1]",
       .meaning = "The broker does not check what it reads.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = protocol_name},
      {.id = "safety.protocol_version",
       .title = "versions that do not exist are refused",
       .reference = "[MQTT-3.1.2-2]",
       .meaning = "A device of a later version would be misunderstood without knowing it.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = protocol_version},
      {.id = "safety.connect_flags",
       .title = "a CONNECT with wrong flags is refused",
       .reference =
           "[MQTT-3.1.2-3], [MQTT-3.1.2-11], [MQTT-3.1.2-14], [MQTT-3.1.2-15]; 3.1.1: also "
           "[MQTT-3.1.2-22], [MQTT-2.2.2-2]",
       .meaning = "Wills are kept that nobody asked for.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = connect_flags},
      {.id = "safety.connect_cut",
       .title = "a CONNECT cut at any byte lets nobody in",
       .reference = "[MQTT-3.1.4-1], [MQTT-4.13.1-1]; 3.1.1: [MQTT-4.8.0-1]",
       .meaning =
           "The broker reads beyond what was sent: the worst kind of bug to have before login.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(120),
       .run = connect_cut},
      {.id = "safety.client_id_text",
       .title = "a client id that is no text is refused",
       .reference = "[MQTT-1.5.4-1], [MQTT-1.5.4-2], [MQTT-3.1.3-4]; 3.1.1: [MQTT-1.5.3-1], "
                    "[MQTT-1.5.3-2]",
       .meaning = "Two ids can look the same in logs, rules and back ends.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = client_id_text},
      {.id = "safety.long_fields",
       .title = "the longest client id and user name are answered",
       .reference = "[MQTT-3.1.3-5], section 1.5.4",
       .meaning = "Somebody without a login can make the broker stall.",
       .settings = {{"mosquitto", "max_packet_size"}, {"EMQX", "mqtt.max_clientid_len"}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = long_fields},
      {.id = "safety.empty_client_id",
       .title = "without a name and without a clean session nobody gets in (3.1.1)",
       .reference = "3.1.1: [MQTT-3.1.3-7], [MQTT-3.1.3-8]",
       .meaning = "A device whose id was lost fills the broker with sessions that nobody ends.",
       .settings = {{"mosquitto", "allow_zero_length_clientid false"}},
       .run = empty_client_id},
      {.id = "safety.auth_method",
       .title = "an authentication method that the broker does not know is refused",
       .reference = "[MQTT-4.12.0-1], section 3.1.2.11.10",
       .meaning = "A device believes that it was authenticated in its way.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::mqtt5 | Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = auth_method},
      {.id = "safety.after_refusal",
       .title = "nothing that comes behind a refused CONNECT is taken",
       .reference = "[MQTT-3.1.4-6], [MQTT-3.2.2-7]; 3.1.1: [MQTT-3.1.4-5], [MQTT-3.2.2-5]",
       .meaning = "Whoever is refused publishes all the same.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = after_refusal},
  };
}

}  // namespace holdfast::broker_test
