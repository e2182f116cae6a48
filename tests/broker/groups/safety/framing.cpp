// Packets whose fixed header is wrong, and packets that are larger than they should be.

#include <array>

#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

Bytes acknowledgement(Type type, unsigned flags) {
  return encode_raw(type, static_cast<std::uint8_t>(flags), Body().two(7));
}

void reserved_type(Stage& stage, Finding& finding) {
  std::vector<Act> acts{{"type 0", encode_raw(Type::reserved, 0)},
                        {"type 0 with a body", encode_raw(Type::reserved, 0, Body().two(1))}};
  if (!stage.speaks_mqtt5()) acts.push_back({"type 15", encode_raw(Type::auth, 0)});
  provoke(stage, finding, acts);
}

void server_packets(Stage& stage, Finding& finding) {
  const auto none = no_properties(stage.version());
  provoke(stage, finding,
          {{"CONNACK", encode_raw(Type::connack, 0, Body().two(0).raw(none))},
           {"SUBACK", encode_raw(Type::suback, 0, Body().two(7).raw(none).byte(0))},
           {"UNSUBACK", encode_raw(Type::unsuback, 0, Body().two(7).raw(none))},
           {"PINGRESP", encode_raw(Type::pingresp, 0)}},
          Instead::any_answer);
}

void flags(Stage& stage, Finding& finding) {
  const Version version = stage.version();
  const std::array one{Subscription{stage.topic(), 0}};
  const Bytes subscribe = body_of(encode_subscribe(1, one, version));
  const Bytes unsubscribe = body_of(encode_unsubscribe(1, stage.topic(), version));
  provoke(stage, finding,
          {{"SUBSCRIBE", encode_raw(Type::subscribe, 0x00, subscribe)},
           {"UNSUBSCRIBE", encode_raw(Type::unsubscribe, 0x00, unsubscribe)},
           {"PUBREL", acknowledgement(Type::pubrel, 0x00)},
           {"PUBACK", acknowledgement(Type::puback, 0x01)},
           {"PUBREC", acknowledgement(Type::pubrec, 0x02)},
           {"PUBCOMP", acknowledgement(Type::pubcomp, 0x04)},
           {"PINGREQ", encode_raw(Type::pingreq, 0x01)}},
          Instead::any_answer);
}

// A DISCONNECT with wrong flags ends the connection like any other; whether it was taken for an
// orderly one is seen by the will.
void disconnect_flags(Stage& stage, Finding& finding) {
  const auto watcher = stage.log_in("watcher");
  watcher->subscribe(stage.topic("will"), 0);
  Connect packet = stage.login("flags");
  packet.will = Will{.topic = stage.topic("will"), .payload = "x"};
  const auto peer = stage.log_in(packet);
  peer->send_raw(encode_raw(Type::disconnect, 0x01));
  const auto end = peer->wait_end(stage.patience());
  if (!end) {
    finding.fail("the connection was not closed");
    return;
  }
  finding.saw("closed " + text_of(*end));
  peer->drop();  // where the broker leaves that to the client
  // A will goes out when the broker has worked off the end, so it may come a moment later.
  finding.expect(watcher->try_receive(2 * Stage::kQuiet).has_value(),
                 "it was taken for an orderly DISCONNECT: no will was published");
}

void remaining_length(Stage& stage, Finding& finding) {
  provoke(stage, finding,
          {{"a length of five bytes", Body().raw(octets("\x30\xFF\xFF\xFF\xFF\x01"))},
           {"a length without an end", Body().raw(octets("\xC0\xFF\xFF\xFF\xFF\xFF\xFF\xFF"))}});
}

// One packet with nothing behind its header is a byte of every quarter of a GiB that is claimed.
void huge_claim(Stage& stage, Finding& finding) {
  constexpr unsigned kClaims = 8;
  Bystander bystander(stage);
  std::vector<std::unique_ptr<MqttPeer>> peers;
  for (unsigned i = 0; i < kClaims; ++i) {
    peers.push_back(stage.log_in("h" + std::to_string(i)));
    // The largest there is, and the beginning of a topic.
    peers.back()->send_raw(Body().raw(octets("\x30\xFF\xFF\xFF\x7F")).two(4).raw("abcd"));
    if (!bystander.untouched(finding)) return;
  }
  unsigned closed = 0;
  // What is closed at once is closed for all; the others need not be waited for as well.
  if (const auto end = peers.back()->wait_end(Stage::kQuiet)) {
    ++closed;
    finding.saw("closed " + text_of(*end));
    peers.pop_back();
    for (const auto& peer : peers) closed += peer->wait_end(Stage::kQuiet) ? 1U : 0U;
  }
  finding.figure("closed", closed);
  for (const auto& peer : peers) peer->drop();
  if (!bystander.untouched(finding)) return;
  if (closed == kClaims) {
    finding.pass("a packet of 256 MiB is refused before it comes");
  } else {
    finding.warn("the broker waits for packets of 256 MiB: it has no limit of its own");
  }
}

void packet_too_large(Stage& stage, Finding& finding) {
  constexpr std::uint32_t kWorthIt = 4U * 1024 * 1024;
  Bystander bystander(stage);
  const auto limit = bystander.connack().properties.number(Property::maximum_packet_size);
  if (!limit) return finding.not_applicable("the broker names no Maximum Packet Size");
  finding.figure("maximum_packet_size", *limit, "bytes");
  if (*limit > kWorthIt) {
    return finding.not_applicable("more than 4 MiB would have to be sent to exceed it");
  }
  const auto peer = stage.log_in("h");
  Publish packet{.topic = stage.topic("large")};
  packet.payload.assign(*limit, 'x');  // and the topic, and a header
  std::optional<PeerError> end;
  try {
    peer->send(packet);
    end = peer->wait_end(stage.patience());
  } catch (const PeerError& error) {
    // It need not read what it refuses.
    if (!error.ended_by_broker()) throw;
    end = error;
  }
  if (!bystander.untouched(finding)) return;
  if (!finding.expect(end.has_value(), "a packet above the limit was not answered by a close")) {
    return;
  }
  finding.pass("closed " + text_of(*end));
}

void publish_cut(Stage& stage, Finding& finding) {
  const Version version = stage.version();
  const Publish whole{.topic = stage.topic("cut"), .payload = "payload", .qos = 1, .packet_id = 9};
  const Bytes packet = encode(whole, version);
  break_off(stage, finding, packet, true);
  // With the payload cut it is a good packet.
  provoke(stage, finding, shortened(packet, body_of(packet).size() - whole.payload.size()));
}

void subscribe_cut(Stage& stage, Finding& finding) {
  const std::array one{Subscription{stage.topic("cut"), 0}};
  const Bytes packet = encode_subscribe(9, one, stage.version());
  break_off(stage, finding, packet, true);
  std::vector<Act> acts = shortened(packet, packet.size());
  // Cut behind the properties it is whole, only without a filter: another check's matter.
  const std::size_t whole = 2 + no_properties(stage.version()).size();
  acts.erase(acts.begin() + static_cast<std::ptrdiff_t>(whole));
  provoke(stage, finding, acts);
}

}  // namespace

std::vector<Check> safety_framing_checks() {
  return {
      {.id = "safety.reserved_type",
       .title = "a packet of a type that does not exist ends the connection",
       .reference = "section 2.1.2, [MQTT-4.13.1-1]; 3.1.1: section 2.2.1, [MQTT-4.8.0-1]",
       .meaning = "The broker goes on with a client whose packets it does not understand.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = reserved_type},
      {.id = "safety.server_packets",
       .title = "a client that sends what only brokers send is closed",
       .reference = "section 2.1.2 (direction of flow)",
       .meaning = "Harmless in itself; a client that sends this has lost its way.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = server_packets},
      {.id = "safety.flags",
       .title = "wrong flags in a fixed header end the connection",
       .reference = "[MQTT-2.1.3-1], [MQTT-3.6.1-1], [MQTT-3.8.1-1], [MQTT-3.10.1-1]; 3.1.1: "
                    "[MQTT-2.2.2-2]",
       .meaning = "The broker goes on with a client whose packets it does not understand.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = flags},
      {.id = "safety.disconnect_flags",
       .title = "a DISCONNECT with wrong flags is no orderly one",
       .reference = "[MQTT-3.14.1-1], [MQTT-3.1.2-8]; 3.1.1: [MQTT-3.14.1-1], [MQTT-2.2.2-2]",
       .meaning = "A device that breaks down in this way vanishes without its will.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = disconnect_flags},
      {.id = "safety.remaining_length",
       .title = "a length of more than four bytes ends the connection",
       .reference = "section 1.5.5, [MQTT-4.13.1-1]; 3.1.1: section 2.2.3, [MQTT-4.8.0-1]",
       .meaning = "The broker's place in the stream can be moved: it reads payloads as packets.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = remaining_length},
      {.id = "safety.huge_claim",
       .title = "a packet that claims 256 MiB is refused by its header",
       .reference = "section 3.2.2.3.6; practice",
       .meaning = "A few devices, or one intruder, can claim the broker's memory with a few bytes.",
       .settings = {{"mosquitto", "max_packet_size 65536, and memory_limit"},
                    {"EMQX", "mqtt.max_packet_size = 64KB"},
                    {"HiveMQ",
                     "<mqtt><packets><max-packet-size>65536</max-packet-size></packets>"
                     "</mqtt>"},
                    {"RabbitMQ", "mqtt.max_packet_size_authenticated = 65536 (4.0 and later)"},
                    {"NanoMQ", "mqtt.max_packet_size = 64KB"}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = huge_claim},
      {.id = "safety.packet_too_large",
       .title = "a packet above the broker's Maximum Packet Size ends the connection",
       .reference = "[MQTT-3.2.2-15], section 3.2.2.3.6 (0x95)",
       .meaning = "The limit that the broker names is none.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::mqtt5 | Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = packet_too_large},
      {.id = "safety.publish_cut",
       .title = "a PUBLISH cut at any byte is not delivered",
       .reference = "[MQTT-4.13.1-1], section 3.3; 3.1.1: [MQTT-4.8.0-1]",
       .meaning = "Half of a message reaches the back end when a device loses its connection.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(120),
       .run = publish_cut},
      {.id = "safety.subscribe_cut",
       .title = "a SUBSCRIBE cut at any byte ends the connection",
       .reference = "[MQTT-4.13.1-1], section 3.8; 3.1.1: [MQTT-4.8.0-1]",
       .meaning = "The broker reads beyond what was sent.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(120),
       .run = subscribe_cut},
  };
}

}  // namespace holdfast::broker_test
