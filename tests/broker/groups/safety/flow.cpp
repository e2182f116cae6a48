// Acknowledgements that nobody waits for, more messages than agreed, and the end of a connection.

#include <array>
#include <vector>

#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint16_t kUnknownId = 4711;

// A broker without QoS 2 never meets its packets from a client that keeps the rules.
bool offers_qos_2(Stage& stage) {
  const auto peer = stage.log_in("asks");
  const std::uint8_t granted = peer->try_subscribe(stage.topic("asks"), 2);
  peer->disconnect();
  return granted == 2;
}

void unknown_ack(Stage& stage, Finding& finding) {
  Bystander bystander(stage);
  std::vector<Type> types{Type::puback};
  if (offers_qos_2(stage)) types.insert(types.end(), {Type::pubrec, Type::pubcomp});
  for (const Type type : types) {
    const auto peer = stage.log_in(std::string(name_of(type)));
    try {
      // The answer to an unknown PUBREC may be a PUBREL: it is not to be completed.
      peer->acknowledge(MqttPeer::Acknowledging::when_told);
      peer->send(Acknowledgement{.type = type, .packet_id = kUnknownId});
      peer->ping();
      finding.saw(std::string(name_of(type)) + ": taken in silence, or answered");
      peer->disconnect();
    } catch (const PeerError& error) {
      if (!error.ended_by_broker()) throw;
      finding.warn(std::string(name_of(type)) + ": closed " + text_of(error));
    }
    if (!bystander.untouched(finding)) return;
  }
  finding.pass("no acknowledgement disturbed anybody");
}

// A device that lost its PUBCOMP repeats its PUBREL: without an answer it repeats it for ever.
void unknown_pubrel(Stage& stage, Finding& finding) {
  constexpr std::uint8_t kNotFound = 0x92;
  if (!offers_qos_2(stage)) return finding.not_applicable("the broker grants no QoS 2");
  Bystander bystander(stage);
  const auto peer = stage.log_in("h");
  try {
    peer->send(Acknowledgement{.type = Type::pubrel, .packet_id = kUnknownId});
    const auto answer = peer->wait_acknowledgement(Type::pubcomp, kUnknownId, stage.patience());
    finding.figure("reason", answer.reason);
    finding.pass("PUBCOMP" + (stage.speaks_mqtt5() ? " with " + reason_text(answer.reason) : ""));
    if (stage.speaks_mqtt5() && answer.reason != kNotFound) {
      finding.saw("0x92 (packet identifier not found) would say that it was not known");
    }
    peer->disconnect();
  } catch (const PeerError& error) {
    finding.fail(std::string("no PUBCOMP: ") + error.what());
  }
  bystander.untouched(finding);
}

/// One message more than agreed, and the broker did not close: has it taken it?
void judge_surplus(Finding& finding, MqttPeer& peer, std::uint16_t id) {
  try {
    const auto answer = peer.wait_acknowledgement(Type::pubrec, id, Clock::duration::zero());
    if (answer.reason < 0x80) {
      finding.fail("the broker took a message more than its Receive Maximum: PUBREC with " +
                   reason_text(answer.reason));
      return;
    }
    finding.warn("refused with PUBREC " + reason_text(answer.reason) + ", not closed with 0x93");
  } catch (const PeerError& error) {
    if (error.how() != Ending::time_up) throw;
    finding.warn("the surplus message was kept waiting, not closed with 0x93");
  }
}

void receive_maximum(Stage& stage, Finding& finding) {
  constexpr unsigned kMost = 2'000;
  Bystander bystander(stage);
  const Properties& granted = bystander.connack().properties;
  if (granted.number(Property::maximum_qos).value_or(2) < 2) {
    return finding.not_applicable("the broker takes no QoS 2");
  }
  const auto maximum = granted.number(Property::receive_maximum).value_or(0xFFFF);
  finding.figure("receive_maximum", maximum);
  if (maximum > kMost) {
    return finding.not_applicable("more than 2,000 messages would have to be left open");
  }
  const auto peer = stage.log_in("h");
  peer->acknowledge(MqttPeer::Acknowledging::when_told);
  const std::string topic = stage.topic("unreleased");
  std::optional<PeerError> end;
  std::uint16_t last = 0;
  try {
    for (unsigned i = 0; i <= maximum; ++i) {
      last = peer->send({.topic = topic, .payload = "x", .qos = 2});
    }
    peer->ping();
    end = peer->wait_end(Stage::kQuiet);
  } catch (const PeerError& error) {
    if (!error.ended_by_broker()) throw;
    end = error;
  }
  // Whether any was delivered before its PUBREL is the broker's choice.
  if (!bystander.unharmed(finding)) return;
  if (!end) return judge_surplus(finding, *peer, last);
  finding.pass("closed " + text_of(*end));
}

/// Packets of which one at least should make the broker say DISCONNECT.
std::vector<Bytes> reasons_to_disconnect(Stage& stage) {
  const auto none = no_properties(stage.version());
  const Publish qos_3{.topic = stage.topic(), .payload = "x", .qos = 3, .packet_id = 9};
  return {encode_raw(Type::reserved, 0), encode(qos_3, stage.version()),
          encode_raw(Type::subscribe, 0x02, Body().two(9).raw(none)), encode(stage.login("h"))};
}

// Whatever the reason was: a DISCONNECT is the last packet, and the close follows.
void end_of_connection(Stage& stage, Finding& finding) {
  for (const Bytes& reason : reasons_to_disconnect(stage)) {
    const auto peer = stage.log_in("h");
    peer->send_raw(reason);
    const auto end = peer->wait_end(Stage::kQuiet);
    if (!end || end->how() != Ending::disconnected) continue;
    finding.saw("closed " + text_of(*end));
    try {
      // They may have come with it, in one record of TLS.
      std::size_t more = peer->unread_bytes();
      if (more == 0) more = peer->tls().read(stage.deadline().within(stage.patience())).size();
      finding.fail(std::to_string(more) + " bytes came behind the DISCONNECT");
    } catch (const PeerError& error) {
      finding.expect(error.ended_by_broker(), "the connection stayed open behind the DISCONNECT");
    }
    return;
  }
  finding.not_applicable("nothing made the broker send a DISCONNECT");
}

// What a proxy's health check or a scanner sends when it has got through the handshake.
void other_protocols(Stage& stage, Finding& finding) {
  Bystander bystander(stage);
  struct Words {
    const char* what;
    std::string_view bytes;
  };
  // The first two bytes of HTTP are a PUBACK of 69 bytes: all of them come.
  for (const Words& words :
       {Words{"HTTP", octets("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: "
                             "text/html,text/plain\r\nUser-Agent: holdfast-broker-test\r\n\r\n")},
        Words{"zeros", octets("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
        Words{"0xFF", octets("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")}}) {
    const auto peer = stage.open_tls();
    const Bytes bytes(words.bytes.begin(), words.bytes.end());
    peer->write(bytes, stage.deadline());
    try {
      const Bytes answer = peer->read(stage.deadline().within(stage.patience()));
      // A gateway for several protocols may answer HTTP; MQTT must not be in it.
      if (!answer.empty() && answer[0] >> 4 == static_cast<unsigned>(Type::connack)) {
        finding.fail(std::string(words.what) + ": answered with a CONNACK");
      }
    } catch (const PeerError& error) {
      if (error.how() == Ending::time_up) {
        finding.fail(std::string(words.what) + ": neither closed nor answered in time");
      } else {
        finding.saw(std::string(words.what) + ": closed " + text_of(error));
      }
    }
    peer->reset();
    if (!bystander.untouched(finding)) return;
  }
}

}  // namespace

std::vector<Check> safety_flow_checks() {
  return {
      {.id = "safety.unknown_ack",
       .title = "an acknowledgement that nobody waits for disturbs nobody",
       .reference = "section 2.4 (0x92); practice",
       .meaning = "A device that repeats an acknowledgement after a bad line is disconnected.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = unknown_ack},
      {.id = "safety.unknown_pubrel",
       .title = "a PUBREL that is repeated gets its PUBCOMP",
       .reference = "[MQTT-4.3.3-11], section 3.7.2.1; 3.1.1: [MQTT-4.3.3-2]",
       .meaning = "A device whose PUBCOMP was lost never gets rid of the message.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = unknown_pubrel},
      {.id = "safety.receive_maximum",
       .title = "more open messages than the Receive Maximum end the connection",
       .reference = "[MQTT-3.3.4-7], sections 3.3.4 and 4.9 (0x93)",
       .meaning = "The limit that the broker names is none: a device can fill its memory.",
       .settings = {{"mosquitto", "max_inflight_messages"}, {"EMQX", "mqtt.max_awaiting_rel"}},
       .needs = Need::mqtt5 | Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = receive_maximum},
      {.id = "safety.end_of_connection",
       .title = "behind the broker's DISCONNECT there is nothing but the close",
       .reference = "[MQTT-3.14.4-1], [MQTT-3.14.4-2]",
       .meaning = "Connections pile up that both sides believe to be over.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::mqtt5 | Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = end_of_connection},
      {.id = "safety.other_protocols",
       .title = "other protocols inside TLS end the connection",
       .reference = "[MQTT-3.1.0-1], [MQTT-4.13.1-1]; 3.1.1: [MQTT-4.8.0-1]",
       .meaning = "Scanners hold connections.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = other_protocols},
  };
}

}  // namespace holdfast::broker_test
