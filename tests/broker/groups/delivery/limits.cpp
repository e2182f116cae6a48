// The limits that either side sets in MQTT 5: messages in flight, and the size of packets.

#include <algorithm>
#include <optional>
#include <span>

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint8_t kPacketTooLarge = 0x95;
// As large as a check sends to find a limit.
constexpr std::uint32_t kLargestTried = 4U << 20;

std::unique_ptr<MqttPeer> limited(Stage& stage, const std::string& name, Property limit,
                                  std::uint32_t value) {
  Connect login = stage.login(name);
  login.properties.number(limit, value);
  auto peer = stage.log_in(login);
  peer->acknowledge(MqttPeer::Acknowledging::when_told);
  return peer;
}

// --- Receive Maximum -----------------------------------------------------------------------------

void hold_at(Stage& stage, Finding& finding, std::uint32_t most) {
  const std::string topic = stage.topic(std::to_string(most));
  const auto to = limited(stage, "to" + std::to_string(most), Property::receive_maximum, most);
  subscribe_at(*to, topic, 1);
  const auto from = stage.log_in("from" + std::to_string(most));
  const auto sent = numbered(2 * most + 2);
  publish_all(*from, topic, 1, sent);
  std::vector<Publish> received = to->receive_rest(Stage::kQuiet);
  std::size_t acknowledged = 0;
  while (acknowledged < sent.size()) {
    const std::size_t open = received.size() - acknowledged;
    if (!finding.expect(open <= most, std::to_string(open) +
                                          " messages are unacknowledged, with Receive Maximum " +
                                          std::to_string(most))) {
      return;
    }
    if (open == 0) received.push_back(to->receive(stage.patience()));
    to->send(Acknowledgement{Type::puback, received[acknowledged].packet_id, 0, {}});
    ++acknowledged;
    for (Publish& one : received_by_now(*to)) received.push_back(std::move(one));
  }
  expect_exact(finding, sent, received);
}

void receive_maximum_down(Stage& stage, Finding& finding) {
  hold_at(stage, finding, 1);
  hold_at(stage, finding, 5);
}

// At QoS 2 a place is free again after PUBCOMP, not after PUBREC.
void receive_maximum_down_qos2(Stage& stage, Finding& finding) {
  const auto to = limited(stage, "to", Property::receive_maximum, 1);
  subscribe_at(*to, stage.topic(), 2);
  const auto from = stage.log_in("from");
  publish_all(*from, stage.topic(), 2, numbered(2));
  const Publish first = to->receive(stage.patience());
  to->send(Acknowledgement{Type::pubrec, first.packet_id, 0, {}});
  to->wait_acknowledgement(Type::pubrel, first.packet_id, stage.patience());
  const auto early = to->try_receive(Stage::kQuiet);
  if (!finding.expect(!early,
                      "a second message came before the PUBCOMP of the first, with "
                      "Receive Maximum 1")) {
    return;
  }
  to->send(Acknowledgement{Type::pubcomp, first.packet_id, 0, {}});
  finding.expect(to->try_receive(stage.patience()).has_value(),
                 "no second message came after the PUBCOMP of the first");
}

void receive_maximum_up(Stage& stage, Finding& finding) {
  constexpr std::size_t kTried = 100;
  const auto peer = stage.log_in();
  const std::size_t most = receive_maximum_of(*peer);
  finding.figure("receive_maximum", static_cast<double>(most));
  require_qos(*peer, 2);
  const std::size_t count = std::min(most, kTried);
  std::vector<std::uint16_t> open;
  for (const std::string& payload : numbered(count)) {
    open.push_back(peer->send(Publish{.topic = stage.topic(), .payload = payload, .qos = 2}));
  }
  for (const std::uint16_t id : open) {
    const auto answer = peer->wait_acknowledgement(Type::pubrec, id, stage.patience());
    if (!finding.expect(answer.reason < 0x80, "PUBREC has " + reason_text(answer.reason))) return;
  }
  for (const std::uint16_t id : open) peer->send(Acknowledgement{Type::pubrel, id, 0, {}});
  for (const std::uint16_t id : open) {
    peer->wait_acknowledgement(Type::pubcomp, id, stage.patience());
  }
  finding.pass(std::to_string(count) + " messages in flight at QoS 2, " + std::to_string(most) +
               " are allowed");
}

// --- Maximum Packet Size -------------------------------------------------------------------------

constexpr std::uint32_t kLargestTaken = 512;

// What a device gets that takes packets of `kLargestTaken` bytes and no more than `in_flight`
// messages at once: two that fit were sent, with one between them that does not.
std::vector<Publish> send_too_large(Stage& stage, std::uint32_t in_flight) {
  Connect login = stage.login("to");
  login.properties.number(Property::maximum_packet_size, kLargestTaken)
      .number(Property::receive_maximum, in_flight);
  const auto to = stage.log_in(login);
  subscribe_at(*to, stage.topic(), 1);
  const auto from = stage.log_in("from");
  const auto most = from->connack().properties.number(Property::maximum_packet_size);
  if (most && *most < 4 * kLargestTaken) {
    throw NotOffered("it takes packets of up to " + std::to_string(*most) +
                     " bytes itself: none that is too large for the device can be sent");
  }
  for (const std::string& payload :
       {std::string("before"), std::string(2 * kLargestTaken, 'x'), std::string("after")}) {
    publish(*from, {.topic = stage.topic(), .payload = payload, .qos = 1});
  }
  publish_marker(*from, stage.topic());
  return receive_to_marker(*to, stage.patience()).messages;
}

void packet_size_down(Stage& stage, Finding& finding) {
  std::size_t largest = 0;
  for (const Publish& one : send_too_large(stage, kLargestTaken)) {
    largest = std::max(largest, encode(one, stage.version()).size());
  }
  finding.figure("largest", static_cast<double>(largest), "bytes");
  finding.expect(largest <= kLargestTaken, "a packet of " + std::to_string(largest) +
                                               " bytes came, with Maximum Packet Size " +
                                               std::to_string(kLargestTaken));
}

// What is discarded must not keep its place in flight: there is one only.
void packet_size_down_queue(Stage& stage, Finding& finding) {
  auto received = send_too_large(stage, 1);
  std::erase_if(received, [](const Publish& one) { return one.payload.size() > kLargestTaken; });
  expect_exact(finding, {"before", "after"}, received);
}

// A QoS 0 PUBLISH of this many bytes in all, of at least 16 KiB.
Bytes packet_of(Stage& stage, std::size_t size) {
  Publish publish{.topic = stage.topic(), .payload = std::string(size, 'x')};
  const std::size_t over = encode(publish, stage.version()).size() - size;
  publish.payload.resize(size - over);
  // A shorter remaining length may take a byte less.
  publish.payload.resize(publish.payload.size() + size - encode(publish, stage.version()).size());
  return encode(publish, stage.version());
}

// First its beginning alone: a broker that refuses it there hangs up with nothing unread, so that
// its DISCONNECT is not lost to a RST.
std::optional<PeerError> send_and_wait_end(Stage& stage, MqttPeer& peer, const Bytes& bytes) {
  constexpr std::size_t kBeginning = 1'024;
  const auto all = std::span(bytes);
  peer.send_raw(all.first(kBeginning));
  if (auto end = peer.wait_end(Stage::kQuiet)) return end;
  try {
    peer.send_raw(all.subspan(kBeginning));
  } catch (const PeerError& error) {
    return error;
  }
  return peer.wait_end(stage.patience());
}

void expect_refused(Stage& stage, Finding& finding, MqttPeer& peer, const Bytes& bytes) {
  const auto end = send_and_wait_end(stage, peer, bytes);
  const std::string size = "a packet of " + std::to_string(bytes.size()) + " bytes";
  if (!finding.expect(end && end->ended_by_broker(), size + " was not refused")) return;
  finding.saw(size + ": " + end->what());
  if (end->how() == Ending::disconnected) {
    finding.expect(end->reason() == kPacketTooLarge,
                   "the reason is " + reason_text(static_cast<std::uint8_t>(end->reason())) +
                       ", 0x95 was due");
  } else {
    finding.warn("the broker hung up without DISCONNECT 0x95: a device cannot tell why");
  }
}

void packet_size_up(Stage& stage, Finding& finding) {
  const auto peer = stage.log_in();
  const auto most = peer->connack().properties.number(Property::maximum_packet_size);
  finding.figure("maximum_packet_size", most.value_or(268'435'460), "bytes");
  if (!most) throw NotOffered("its CONNACK has no Maximum Packet Size: there is no limit");
  constexpr std::uint32_t kSmallestTried = 16U << 10;
  if (*most > kLargestTried || *most < kSmallestTried) {
    throw NotOffered("its limit of " + std::to_string(*most) +
                     " bytes is not tried: only those from 16 KiB to 4 MiB are");
  }
  peer->send_raw(packet_of(stage, *most));
  peer->ping();
  finding.saw("a packet of " + std::to_string(*most) + " bytes was taken");
  // Past the limit by more than a fixed header, which mosquitto 2.0.11 does not count.
  constexpr std::uint32_t kPastLimit = 16;
  expect_refused(stage, finding, *peer, packet_of(stage, *most + kPastLimit));
}

}  // namespace

std::vector<Check> limit_checks() {
  return {
      {.id = "delivery.receive_maximum_down",
       .title = "the broker never sends more at once than the device's Receive Maximum",
       .reference = "[MQTT-3.3.4-9]",
       .meaning = "A device with little memory has to hang up, again and again.",
       .needs = Need::mqtt5,
       .run = receive_maximum_down},
      {.id = "delivery.receive_maximum_down_qos2",
       .title = "at QoS 2 a place in flight is free after PUBCOMP",
       .reference = "[MQTT-3.3.4-9], section 4.9",
       .meaning = "A device with little memory has to hang up, again and again.",
       .needs = Need::mqtt5,
       .run = receive_maximum_down_qos2},
      {.id = "delivery.receive_maximum_up",
       .title = "the broker takes as many messages at once as its Receive Maximum allows",
       .reference = "section 3.2.2.3.3, section 4.9",
       .meaning = "A device that keeps to the limit is thrown out.",
       .settings = {{"mosquitto", "max_inflight_messages"},
                    {"EMQX", "mqtt.max_awaiting_rel (100)"},
                    {"HiveMQ", "<receive-maximum><server-receive-maximum>10"}},
       .needs = Need::mqtt5,
       .run = receive_maximum_up},
      {.id = "delivery.packet_size_down",
       .title = "the broker never sends a larger packet than the device takes",
       .reference = "[MQTT-3.1.2-24]",
       .meaning = "A device with little memory has to hang up, and meets the same message again.",
       .needs = Need::mqtt5,
       .run = packet_size_down},
      {.id = "delivery.packet_size_down_queue",
       .title = "a message that is too large for a device does not hold up the next one",
       .reference = "[MQTT-3.1.2-25]",
       .meaning = "One message that is too large for a device blocks its queue.",
       .needs = Need::mqtt5,
       .run = packet_size_down_queue},
      {.id = "delivery.packet_size_up",
       .title = "the broker takes packets up to its own limit, and refuses larger ones with 0x95",
       .reference = "section 3.2.2.3.6, [MQTT-3.2.2-15]",
       .meaning = "A device repeats a message for ever that the broker will never take.",
       .settings = {{"mosquitto", "max_packet_size"},
                    {"EMQX", "mqtt.max_packet_size"},
                    {"HiveMQ", "<packets><max-packet-size>"},
                    {"RabbitMQ", "mqtt.max_packet_size_authenticated (3.12 and later)"},
                    {"NanoMQ", "mqtt.max_packet_size"}},
       .needs = Need::mqtt5,
       .run = packet_size_up},
  };
}

}  // namespace holdfast::broker_test
