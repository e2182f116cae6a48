// QoS 1 over connections that break between any two packets.

#include <utility>

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::size_t kUnacknowledged = 3;

// A receiver that got the first of `kUnacknowledged` messages, acknowledged `acknowledged` of them,
// and broke off. The session lasts. How many it got is the broker's to decide: it may send one at a
// time, and the next one when that is acknowledged.
struct Broken {
  Connect login;
  std::vector<std::string> sent;
  std::vector<Publish> first;
};

Broken break_off(Stage& stage, std::size_t acknowledged) {
  Broken broken{keeping(stage), numbered(kUnacknowledged), {}};
  const auto to = log_in_kept(stage, broken.login);
  subscribe_at(*to, stage.topic(), 1);
  to->acknowledge(MqttPeer::Acknowledging::when_told);
  const auto from = stage.log_in("from");
  publish_all(*from, stage.topic(), 1, broken.sent);
  broken.first.push_back(to->receive(stage.patience()));
  for (Publish& one : to->receive_all(kUnacknowledged - 1, Stage::kQuiet)) {
    broken.first.push_back(std::move(one));
  }
  for (std::size_t i = 0; i < acknowledged; ++i) {
    to->send(Acknowledgement{Type::puback, broken.first[i].packet_id, 0, {}});
  }
  to->ping();  // the acknowledgements have been read
  to->drop();
  return broken;
}

// What a resumed session brings before a new message.
std::vector<Publish> resume(Stage& stage, const Broken& broken) {
  const auto to = stage.log_in(broken.login);
  const auto from = stage.log_in("marker");
  publish_marker(*from, stage.topic());
  auto received = receive_to_marker(*to, stage.patience());
  if (!received.complete) throw PeerError(Ending::time_up, "a new message did not come");
  to->disconnect();
  return std::move(received.messages);
}

void redelivered(Stage& stage, Finding& finding) {
  const Broken broken = break_off(stage, 0);
  const auto again = resume(stage, broken);
  for (const Publish& one : again) finding.saw(text_of(one));
  if (!expect_exact(finding, broken.sent, again)) return;
  finding.figure("in_flight", static_cast<double>(broken.first.size()));
  for (std::size_t i = 0; i < broken.first.size(); ++i) {
    finding.expect(again[i].packet_id == broken.first[i].packet_id,
                   "message " + std::to_string(broken.first[i].packet_id) +
                       " came again with the identifier " + std::to_string(again[i].packet_id));
  }
}

void redelivered_dup(Stage& stage, Finding& finding) {
  const Broken broken = break_off(stage, 0);
  const auto again = resume(stage, broken);
  if (!finding.expect(again.size() >= broken.first.size(), "not all came again")) return;
  for (std::size_t i = 0; i < broken.first.size(); ++i) {
    finding.saw(text_of(again[i]));
    finding.expect(again[i].duplicate, "a message came again without DUP");
  }
}

void acknowledged(Stage& stage, Finding& finding) {
  const Broken broken = break_off(stage, 1);
  const auto again = resume(stage, broken);
  for (const Publish& one : again) {
    finding.saw(text_of(one));
    finding.expect(one.payload != broken.sent.front(),
                   "a message that was acknowledged came again");
  }
}

// The sender's half: it has not seen the PUBACK, and repeats the message as it must.
void repeated(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  subscribe_at(*to, stage.topic(), 1);
  const Connect login = keeping(stage);
  Publish message{.topic = stage.topic(), .payload = "kept", .qos = 1, .packet_id = 9};
  auto from = log_in_kept(stage, login);
  from->send(message);
  from->wait_acknowledgement(Type::puback, message.packet_id, stage.patience());
  from->drop();
  from = stage.log_in(login);
  message.duplicate = true;
  from->send(message);
  const auto answer = from->wait_acknowledgement(Type::puback, message.packet_id, stage.patience());
  finding.expect(answer.reason < 0x80, "PUBACK has " + reason_text(answer.reason));
  publish_marker(*from, stage.topic());
  const auto received = receive_to_marker(*to, stage.patience()).messages;
  finding.figure("copies", static_cast<double>(received.size()));
  finding.expect(!received.empty(), "the message was acknowledged and did not arrive");
  finding.expect(received.size() <= 2, "two copies were sent and more arrived");
}

// Cut off in the middle of the first sending: the broker has never seen the message whole.
void cut_message(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  subscribe_at(*to, stage.topic(), 1);
  const Connect login = keeping(stage);
  Publish message{
      .topic = stage.topic(), .payload = std::string(200, 'x'), .qos = 1, .packet_id = 9};
  auto from = log_in_kept(stage, login);
  const Bytes bytes = encode(message, stage.version());
  from->send_raw(std::span(bytes).first(bytes.size() - 1));
  from->drop();
  from = stage.log_in(login);
  message.duplicate = true;
  publish(*from, message);
  publish_marker(*from, stage.topic());
  expect_exact(finding, {message.payload}, receive_to_marker(*to, stage.patience()).messages);
}

}  // namespace

std::vector<Check> broken_connection_checks() {
  return {
      {.id = "delivery.qos1_redelivered",
       .title = "what was not acknowledged comes again after a broken connection, with its "
                "identifier and in order",
       .reference = "[MQTT-4.4.0-1]",
       .meaning = "Whatever is under way when the link goes is lost.",
       .settings = {{"mosquitto", "persistence true keeps it across restarts as well"}},
       .run = redelivered},
      {.id = "delivery.qos1_redelivered_dup",
       .title = "what comes again is flagged with DUP",
       .reference = "[MQTT-3.3.1-1]",
       .meaning = "A device cannot tell a repetition by its flag.",
       .run = redelivered_dup},
      {.id = "delivery.qos1_acknowledged",
       .title = "what was acknowledged does not come again after a broken connection",
       .reference = "[MQTT-4.3.2-3], [MQTT-4.4.0-1]",
       .meaning = "Every broken connection costs the bytes of messages that were delivered.",
       .run = acknowledged},
      {.id = "delivery.qos1_repeated",
       .title = "a message that a device repeats after a broken connection is acknowledged",
       .reference = "[MQTT-4.3.2-4], [MQTT-4.3.2-5]",
       .meaning = "A device that has not seen an acknowledgement can never get rid of the message.",
       .run = repeated},
      {.id = "delivery.qos1_cut",
       .title = "a message whose first sending broke off arrives once, when it is repeated",
       .reference = "[MQTT-4.3.2-4], [MQTT-3.3.1-1]",
       .meaning = "Messages are lost, or halves of them delivered, where the link goes while a "
                  "device is sending.",
       .run = cut_message},
  };
}

}  // namespace holdfast::broker_test
