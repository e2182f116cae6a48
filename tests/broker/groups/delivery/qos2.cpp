// QoS 2 over connections that break between any two packets of its exchange.

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::uint16_t kIdentifier = 9;
constexpr std::uint8_t kIdentifierNotFound = 0x92;

// --- From the device to the broker ---------------------------------------------------------------

struct Upwards {
  Connect login;
  std::unique_ptr<MqttPeer> to;
  std::unique_ptr<MqttPeer> from;
  Publish message;
};

Upwards open_upwards(Stage& stage) {
  Upwards upwards;
  upwards.to = stage.log_in("to");
  subscribe_at(*upwards.to, stage.topic(), 2);
  upwards.login = keeping(stage);
  upwards.from = log_in_kept(stage, upwards.login);
  upwards.message = {.topic = stage.topic(), .payload = "once", .qos = 2, .packet_id = kIdentifier};
  return upwards;
}

void send_message(Stage& stage, Finding& finding, Upwards& upwards) {
  upwards.from->send(upwards.message);
  const auto answer =
      upwards.from->wait_acknowledgement(Type::pubrec, kIdentifier, stage.patience());
  finding.expect(answer.reason < 0x80, "PUBREC has " + reason_text(answer.reason));
}

void release(Stage& stage, Finding& finding, Upwards& upwards) {
  upwards.from->send(Acknowledgement{Type::pubrel, kIdentifier, 0, {}});
  const auto answer =
      upwards.from->wait_acknowledgement(Type::pubcomp, kIdentifier, stage.patience());
  finding.saw("PUBCOMP " + reason_text(answer.reason));
  finding.expect(answer.reason == 0 || answer.reason == kIdentifierNotFound,
                 "PUBCOMP has " + reason_text(answer.reason));
}

void reconnect(Stage& stage, Upwards& upwards) {
  upwards.from->drop();
  upwards.from = stage.log_in(upwards.login);
}

void expect_once(Stage& stage, Finding& finding, Upwards& upwards) {
  publish_marker(*upwards.from, stage.topic(), 2);
  expect_exact(finding, {upwards.message.payload},
               receive_to_marker(*upwards.to, stage.patience()).messages);
}

void up_publish(Stage& stage, Finding& finding) {
  Upwards upwards = open_upwards(stage);
  send_message(stage, finding, upwards);  // its PUBREC counts as lost
  reconnect(stage, upwards);
  upwards.message.duplicate = true;
  send_message(stage, finding, upwards);
  release(stage, finding, upwards);
  expect_once(stage, finding, upwards);
}

void up_pubrec(Stage& stage, Finding& finding) {
  Upwards upwards = open_upwards(stage);
  send_message(stage, finding, upwards);
  reconnect(stage, upwards);
  release(stage, finding, upwards);
  expect_once(stage, finding, upwards);
}

void up_pubrel(Stage& stage, Finding& finding) {
  Upwards upwards = open_upwards(stage);
  send_message(stage, finding, upwards);
  release(stage, finding, upwards);  // its PUBCOMP counts as lost
  reconnect(stage, upwards);
  release(stage, finding, upwards);
  expect_once(stage, finding, upwards);
}

// --- From the broker to the device ---------------------------------------------------------------

struct Downwards {
  Connect login;
  std::unique_ptr<MqttPeer> to;
  std::unique_ptr<MqttPeer> from;
  Publish message;
};

Downwards open_downwards(Stage& stage) {
  Downwards downwards;
  downwards.login = keeping(stage);
  downwards.to = log_in_kept(stage, downwards.login);
  subscribe_at(*downwards.to, stage.topic(), 2);
  downwards.to->acknowledge(MqttPeer::Acknowledging::when_told);
  downwards.from = stage.log_in("from");
  publish(*downwards.from, {.topic = stage.topic(), .payload = "once", .qos = 2});
  downwards.message = downwards.to->receive(stage.patience());
  return downwards;
}

void reconnect(Stage& stage, Downwards& downwards) {
  downwards.to->drop();
  downwards.to = stage.log_in(downwards.login);
  downwards.to->acknowledge(MqttPeer::Acknowledging::when_told);
}

void send(Downwards& downwards, Type type) {
  downwards.to->send(Acknowledgement{type, downwards.message.packet_id, 0, {}});
}

void wait_pubrel(Stage& stage, Downwards& downwards) {
  downwards.to->wait_acknowledgement(Type::pubrel, downwards.message.packet_id, stage.patience());
}

// Nothing comes but what is sent now.
void expect_no_more(Stage& stage, Finding& finding, Downwards& downwards) {
  downwards.to->acknowledge(MqttPeer::Acknowledging::at_once);
  publish_marker(*downwards.from, stage.topic(), 2);
  const auto received = receive_to_marker(*downwards.to, stage.patience());
  finding.expect(received.complete, "a new message did not come");
  for (const Publish& one : received.messages) finding.fail("it came again: " + text_of(one));
}

void down_publish(Stage& stage, Finding& finding) {
  Downwards downwards = open_downwards(stage);
  reconnect(stage, downwards);
  const Publish again = downwards.to->receive(stage.patience());
  finding.saw(text_of(again));
  finding.expect(again.payload == downwards.message.payload, "another message came");
  finding.expect(
      again.packet_id == downwards.message.packet_id,
      "it came again with another identifier than " + std::to_string(downwards.message.packet_id));
  downwards.message = again;
  send(downwards, Type::pubrec);
  wait_pubrel(stage, downwards);
  send(downwards, Type::pubcomp);
  expect_no_more(stage, finding, downwards);
}

void down_pubrec(Stage& stage, Finding& finding) {
  Downwards downwards = open_downwards(stage);
  send(downwards, Type::pubrec);
  wait_pubrel(stage, downwards);  // it has read the PUBREC; this PUBREL counts as lost
  reconnect(stage, downwards);
  wait_pubrel(stage, downwards);
  send(downwards, Type::pubcomp);
  expect_no_more(stage, finding, downwards);
}

void down_pubcomp(Stage& stage, Finding& finding) {
  Downwards downwards = open_downwards(stage);
  send(downwards, Type::pubrec);
  wait_pubrel(stage, downwards);
  send(downwards, Type::pubcomp);
  downwards.to->ping();
  reconnect(stage, downwards);
  publish_marker(*downwards.from, stage.topic(), 1);
  const auto received = receive_to_marker(*downwards.to, stage.patience());
  finding.expect(received.complete, "a new message did not come");
  for (const Publish& one : received.messages) finding.fail("it came again: " + text_of(one));
  downwards.to->send_raw(encode_raw(Type::pingreq, 0));
  const Packet next = downwards.to->next_packet(stage.patience());
  finding.expect(next.type == Type::pingresp,
                 std::string(name_of(next.type)) + " came for an exchange that was over");
}

}  // namespace

std::vector<Check> qos2_checks() {
  return {
      {.id = "delivery.qos2_up_publish",
       .title = "QoS 2, broken before the device has the PUBREC: one copy is delivered",
       .reference = "[MQTT-4.3.3-10]; 3.1.1: [MQTT-4.3.3-2]",
       .meaning = "A message that must not be delivered twice is, whenever a link breaks.",
       .run = up_publish},
      {.id = "delivery.qos2_up_pubrec",
       .title = "QoS 2, broken before the device's PUBREL: it is completed on the next connection",
       .reference = "[MQTT-4.3.3-11], [MQTT-4.4.0-1]; 3.1.1: [MQTT-4.3.3-2]",
       .meaning = "A message that the broker has taken is never delivered, or twice.",
       .run = up_pubrec},
      {.id = "delivery.qos2_up_pubrel",
       .title = "QoS 2, broken before the device has the PUBCOMP: a second PUBREL is answered",
       .reference = "[MQTT-4.3.3-11]; 3.1.1: [MQTT-4.3.3-2]",
       .meaning = "A device can never end an exchange whose last packet was lost.",
       .run = up_pubrel},
      {.id = "delivery.qos2_down_publish",
       .title = "QoS 2, broken before the broker has the PUBREC: the message comes again",
       .reference = "[MQTT-4.4.0-1], [MQTT-4.3.3-3]",
       .meaning = "Whatever is under way to a device when the link goes is lost.",
       .run = down_publish},
      {.id = "delivery.qos2_down_pubrec",
       .title = "QoS 2, broken before the device has the PUBREL: PUBREL comes, and no message",
       .reference = "[MQTT-4.3.3-6], [MQTT-4.4.0-1]; 3.1.1: [MQTT-4.3.3-1]",
       .meaning = "A device gets a message twice that it must get once.",
       .run = down_pubrec},
      {.id = "delivery.qos2_down_pubcomp",
       .title = "QoS 2, broken after the PUBCOMP: nothing of the exchange comes again",
       .reference = "[MQTT-4.3.3-5], [MQTT-4.4.0-1]; 3.1.1: [MQTT-4.3.3-1]",
       .meaning = "Bytes for exchanges that are over, and a device that does not expect them.",
       .run = down_pubcomp},
  };
}

}  // namespace holdfast::broker_test
