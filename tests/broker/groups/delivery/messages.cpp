// Messages over connections that hold: they arrive, once, in order, as they were sent.

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <holdfast/device.hpp>

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::size_t kFew = 20;
constexpr std::size_t kMany = 200;
constexpr std::size_t kLargePayload = 256U * 1024;

void qos0(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 0);
  const auto sent = numbered(kFew);
  publish_all(*line.from, stage.topic(), 0, sent);
  publish_marker(*line.from, stage.topic(), 0);
  const auto received = receive_to_marker(*line.to, stage.patience());
  for (const Publish& one : received.messages) {
    if (!finding.expect(one.qos == 0 && one.topic == stage.topic(), "it came as " + text_of(one))) {
      return;
    }
  }
  const Comparison result = compare(sent, received.messages);
  if (result.repeated + result.strange > 0 || !result.in_order) {
    finding.fail("of " + std::to_string(kFew) + " messages: " + result.text());
  } else if (result.missing > 0) {
    finding.warn("of " + std::to_string(kFew) + " messages: " + result.text());
  } else {
    finding.pass(std::to_string(kFew) + " messages, " + result.text());
  }
}

void qos1_up(Stage& stage, Finding& finding) {
  const auto peer = stage.log_in();
  require_qos(*peer, 1);
  const std::uint16_t id = peer->send(Publish{.topic = stage.topic(), .payload = "up", .qos = 1});
  const Packet packet = peer->next_packet(stage.patience());
  if (!finding.expect(packet.type == Type::puback,
                      std::string(name_of(packet.type)) + " came where PUBACK was due")) {
    return;
  }
  const Acknowledgement answer = as_acknowledgement(packet, stage.version());
  finding.expect(answer.packet_id == id, "PUBACK has the identifier " +
                                             std::to_string(answer.packet_id) + " for a message " +
                                             std::to_string(id));
  finding.expect(answer.reason < 0x80, "PUBACK has " + reason_text(answer.reason));
  finding.saw("PUBACK " + std::to_string(answer.packet_id) + ", " + reason_text(answer.reason));
}

void qos1_down(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 1);
  publish(*line.from, {.topic = stage.topic(), .payload = "down", .qos = 1});
  const Publish came = line.to->receive(stage.patience());
  finding.saw(text_of(came));
  finding.expect(came.qos == 1, "it came at QoS " + std::to_string(came.qos));
  finding.expect(!came.duplicate, "DUP is set in the first delivery");
  finding.expect(came.topic == stage.topic(), "it came on " + came.topic);
  finding.expect(came.payload == "down", "its payload was altered");
}

void qos1_order(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 1);
  const auto sent = numbered(kMany);
  publish_all(*line.from, stage.topic(), 1, sent);
  publish_marker(*line.from, stage.topic());
  expect_exact(finding, sent, receive_to_marker(*line.to, stage.patience()).messages);
}

void acknowledgement_order(Stage& stage, Finding& finding) {
  const auto peer = stage.log_in();
  require_qos(*peer, 1);
  const std::size_t count = std::min(kFew, receive_maximum_of(*peer));
  std::vector<std::uint16_t> sent;
  for (const std::string& payload : numbered(count)) {
    sent.push_back(peer->send(Publish{.topic = stage.topic(), .payload = payload, .qos = 1}));
  }
  for (const std::uint16_t id : sent) {
    const auto answer =
        as_acknowledgement(peer->next_packet(stage.patience()), stage.version()).packet_id;
    if (answer != id) {
      finding.fail("the acknowledgement of message " + std::to_string(answer) +
                   " came where that of " + std::to_string(id) + " was due");
      return;
    }
  }
  finding.pass(std::to_string(count) + " PUBACK in the order of their messages");
}

void identifier_reuse(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 1);
  constexpr std::uint16_t kIdentifier = 77;
  const std::vector<std::string> sent{"first", "second", "third"};
  for (const std::string& payload : sent) {
    publish(*line.from,
            {.topic = stage.topic(), .payload = payload, .qos = 1, .packet_id = kIdentifier});
  }
  publish_marker(*line.from, stage.topic());
  expect_exact(finding, sent, receive_to_marker(*line.to, stage.patience()).messages);
}

void dup_not_passed_on(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 1);
  publish(*line.from, {.topic = stage.topic(), .payload = "once", .qos = 1, .duplicate = true});
  const Publish came = line.to->receive(stage.patience());
  finding.saw(text_of(came));
  finding.expect(!came.duplicate, "the sender's DUP is set in what the receiver gets first");
}

void qos2(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 2);
  const auto sent = numbered(kFew);
  publish_all(*line.from, stage.topic(), 2, sent);
  publish_marker(*line.from, stage.topic(), 2);
  const auto received = receive_to_marker(*line.to, stage.patience());
  if (!expect_exact(finding, sent, received.messages)) return;
  for (const Publish& one : received.messages) {
    if (!finding.expect(one.qos == 2, "it came at QoS " + std::to_string(one.qos))) return;
  }
}

void lower_qos(Stage& stage, Finding& finding) {
  const auto to = stage.log_in("to");
  to->subscribe(stage.topic("zero"), 0);
  subscribe_at(*to, stage.topic("one"), 1);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic("zero"), .payload = "a", .qos = 1});
  publish(*from, {.topic = stage.topic("one"), .payload = "b", .qos = 0});
  for (unsigned i = 0; i < 2; ++i) {
    const Publish came = to->receive(stage.patience());
    finding.saw(text_of(came));
    finding.expect(came.qos == 0, came.payload == "a" ? "QoS 0 was granted, and it came at QoS 1"
                                                      : "it was sent at QoS 0, and came at QoS 1");
  }
}

void empty_payload(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 1);
  publish(*line.from, {.topic = stage.topic(), .payload = "", .qos = 1});
  publish_marker(*line.from, stage.topic());
  expect_exact(finding, {""}, receive_to_marker(*line.to, stage.patience()).messages);
}

void large_payload(Stage& stage, Finding& finding) {
  const Line line = open_line(stage, 1);
  std::string payload(kLargePayload, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 31 >> 3);
  const auto largest = line.from->connack().properties.number(Property::maximum_packet_size);
  if (largest && *largest < payload.size() + 1'024) {
    throw NotOffered("its CONNACK says Maximum Packet Size " + std::to_string(*largest));
  }
  try {
    publish(*line.from, {.topic = stage.topic(), .payload = payload, .qos = 1});
  } catch (const PeerError& error) {
    // MQTT 3.1.1 has no way to announce a limit.
    if (stage.speaks_mqtt5() || !error.ended_by_broker()) throw;
    throw NotOffered(std::string("it takes no message of 256 KiB: ") + error.what());
  }
  const Publish came = line.to->receive(stage.patience());
  finding.saw(text_of(came));
  finding.expect(came.payload == payload, "its payload was altered");
}

// The identifiers of the two directions have nothing to do with one another.
void both_directions(Stage& stage, Finding& finding) {
  constexpr std::size_t kInFlight = 5;
  const auto device = stage.log_in("device");
  const auto cloud = stage.log_in("cloud");
  subscribe_at(*device, stage.topic("down"), 1);
  subscribe_at(*cloud, stage.topic("up"), 1);
  const auto sent = numbered(std::min(kInFlight, receive_maximum_of(*device)));
  device->acknowledge(MqttPeer::Acknowledging::when_told);
  publish_all(*cloud, stage.topic("down"), 1, sent);
  // A broker may send one at a time, and the next one when that is acknowledged.
  std::vector<Publish> down{device->receive(stage.patience())};
  for (Publish& one : device->receive_all(sent.size() - 1, Stage::kQuiet)) {
    down.push_back(std::move(one));
  }
  const std::size_t in_flight = down.size();
  finding.figure("in_flight", static_cast<double>(in_flight));
  for (std::size_t i = 0; i < in_flight; ++i) {
    device->send(Publish{
        .topic = stage.topic("up"), .payload = sent[i], .qos = 1, .packet_id = down[i].packet_id});
  }
  for (const Publish& one : down) {
    const auto answer = device->wait_acknowledgement(Type::puback, one.packet_id, stage.patience());
    finding.expect(answer.reason < 0x80, "PUBACK has " + reason_text(answer.reason));
  }
  device->acknowledge(MqttPeer::Acknowledging::at_once);
  for (const Publish& one : down) device->send(Acknowledgement{Type::puback, one.packet_id, 0, {}});
  for (Publish& one : device->receive_all(sent.size() - in_flight, stage.patience())) {
    down.push_back(std::move(one));
  }
  publish_marker(*device, stage.topic("up"));
  expect_exact(finding, sent, down);
  expect_exact(finding, {sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(in_flight)},
               receive_to_marker(*cloud, stage.patience()).messages);
}

// The SDK's own device, to the broker and back.
void device(Stage& stage, Finding& finding) {
  const auto sent = numbered(kFew);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Publish> received;
  Device device(stage.device_options("device"));
  device.subscribe(stage.topic(), [&](const Message& message) {
    const std::lock_guard lock(mutex);
    received.push_back(
        {.topic = message.topic,
         .payload = {reinterpret_cast<const char*>(message.payload.data()), message.payload.size()},
         .qos = 1});
    changed.notify_all();
  });
  // Not before the broker has granted it: a busy one may take the messages first.
  bool subscribed = false;
  device.on_event([&](const Event& event) {
    const std::lock_guard lock(mutex);
    subscribed = subscribed || event.kind == EventKind::subscribed;
    changed.notify_all();
  });
  device.start();
  {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, stage.patience(), [&] { return subscribed; })) {
      finding.fail("the device was not connected and subscribed in time");
    }
  }
  for (const std::string& payload : sent) device.publish(stage.topic(), as_payload(payload));
  const auto bound = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::min<Clock::duration>(stage.patience(), std::chrono::seconds(5)));
  const Remaining remaining = device.drain(bound);
  {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, bound, [&] { return received.size() >= sent.size(); });
  }
  device.stop(bound);
  finding.expect(remaining.undelivered == 0,
                 std::to_string(remaining.undelivered) + " messages were not acknowledged");
  expect_exact(finding, sent, received);
}

}  // namespace

std::vector<Check> message_checks() {
  return {
      {.id = "delivery.device",
       .title = "the SDK's own device delivers to this broker, and gets what it subscribed to",
       .reference = "[MQTT-4.5.0-1], [MQTT-4.3.2-4]",
       .meaning = "Devices with this SDK do not work with this broker.",
       .settings = {{"", "the other checks of this group narrow it down"}},
       .needs = Need::tls_1_3,
       .run = device},
      {.id = "delivery.qos0",
       .title = "messages of QoS 0 arrive, none of them twice",
       .reference = "[MQTT-4.3.1-1] (once or not at all)",
       .meaning = "Readings are counted twice; where they are missing on a quiet link, the broker "
                  "discards them.",
       .run = qos0},
      {.id = "delivery.qos1_up",
       .title = "a message of QoS 1 is acknowledged with its own identifier",
       .reference = "[MQTT-4.3.2-4]",
       .meaning = "A device never learns that a message has arrived, keeps it, and sends it again.",
       .run = qos1_up},
      {.id = "delivery.qos1_down",
       .title = "a message of QoS 1 is delivered at QoS 1, as it was sent",
       .reference = "[MQTT-4.3.2-2], [MQTT-4.5.0-1]",
       .meaning = "What is sent to a device is lost or altered on the way.",
       .run = qos1_down},
      {.id = "delivery.qos1_order",
       .title = "200 messages of QoS 1 arrive, each once and in order",
       .reference = "[MQTT-4.6.0-5], [MQTT-4.6.0-6], [MQTT-4.4.0-1]; 3.1.1: [MQTT-4.6.0-6]",
       .meaning = "Readings that arrive out of order, or not at all.",
       .settings = {{"mosquitto", "max_queued_messages 1000 or more, max_queued_bytes 0"},
                    {"EMQX", "mqtt.max_mqueue_len = 1000 or more"}},
       .run = qos1_order},
      {.id = "delivery.acknowledgement_order",
       .title = "acknowledgements come in the order of their messages",
       .reference = "[MQTT-4.6.0-2]",
       .meaning = "A device that counts on the order takes a message for acknowledged that is not.",
       .run = acknowledgement_order},
      {.id = "delivery.identifier_reuse",
       .title = "an identifier that was acknowledged is free for another message",
       .reference = "[MQTT-4.3.2-5]",
       .meaning = "Messages are taken for repetitions and lost, once a device has sent 65,535.",
       .run = identifier_reuse},
      {.id = "delivery.dup_not_passed_on",
       .title = "the DUP flag of a sender is not passed on to receivers",
       .reference = "[MQTT-3.3.1-3]",
       .meaning = "Receivers that discard what is flagged lose messages that they never had.",
       .run = dup_not_passed_on},
      {.id = "delivery.qos2",
       .title = "messages of QoS 2 arrive exactly once, both ways with the whole exchange",
       .reference = "[MQTT-4.3.3-8], [MQTT-4.3.3-11]; 3.1.1: [MQTT-4.3.3-2]",
       .meaning = "Commands and counters that must not be done twice are.",
       .settings = {{"RabbitMQ", "it has no QoS 2 and grants 1"}},
       .run = qos2},
      {.id = "delivery.lower_qos",
       .title = "a message comes at the lower of the QoS it was sent with and the one granted",
       .reference = "[MQTT-3.8.4-8]; 3.1.1: [MQTT-3.8.4-6]",
       .meaning = "Acknowledgements that nobody asked for cost bytes on every message.",
       .settings = {{"mosquitto", "upgrade_outgoing_qos false"},
                    {"EMQX", "mqtt.upgrade_qos = false"}},
       .run = lower_qos},
      {.id = "delivery.empty_payload",
       .title = "a message without a payload arrives",
       .reference = "[MQTT-4.5.0-1], section 3.3.3",
       .meaning = "Signals that need no payload are lost.",
       .run = empty_payload},
      {.id = "delivery.large_payload",
       .title = "a message of 256 KiB arrives unchanged",
       .reference = "section 3.3.3, [MQTT-3.2.2-15]",
       .meaning = "Batches that a device has collected offline do not arrive.",
       .settings = {{"mosquitto",
                     "leave max_packet_size and message_size_limit away, or above 262144"},
                    {"EMQX", "mqtt.max_packet_size = 1MB"},
                    {"HiveMQ", "<packets><max-packet-size>268435460</max-packet-size></packets>"},
                    {"RabbitMQ",
                     "mqtt.max_packet_size_authenticated above 262144 (3.12 and later)"},
                    {"NanoMQ", "mqtt.max_packet_size = 1MB"}},
       .run = large_payload},
      {.id = "delivery.both_directions",
       .title = "messages in flight both ways may have the same identifiers",
       .reference = "section 2.2.1 (2.3.1 in 3.1.1)",
       .meaning = "Messages get lost when a device sends while it receives.",
       .run = both_directions},
  };
}

}  // namespace holdfast::broker_test
