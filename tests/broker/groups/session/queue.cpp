// What is sent to a device that is away waits for it.

#include "groups/delivery_kit.hpp"

namespace holdfast::broker_test {
namespace {

constexpr std::size_t kQueued = 500;
constexpr std::size_t kQueuedAtQos0 = 20;
// After the last message of a queue that is not complete. Longer than a mobile round trip.
constexpr auto kQueueQuiet = std::chrono::milliseconds(1'500);

Connect go_away(Stage& stage, unsigned qos) {
  Connect login = keeping(stage);
  const auto to = log_in_kept(stage, login);
  subscribe_at(*to, stage.topic(), qos);
  subscribe_at(*to, stage.topic("marker"), 1);
  to->disconnect();
  return login;
}

void queue(Stage& stage, Finding& finding) {
  const Connect login = go_away(stage, 1);
  const auto from = stage.log_in("from");
  const auto sent = numbered(kQueued);
  publish_all(*from, stage.topic(), 1, sent);
  const auto to = stage.log_in(login);
  auto received = to->receive_all(kQueued, kQueueQuiet);
  for (auto& surplus : received_by_now(*to)) received.push_back(std::move(surplus));
  const Comparison result = compare(sent, received);
  const std::string text = "of " + std::to_string(kQueued) + " messages: " + result.text();
  finding.figure("queued", static_cast<double>(kQueued - result.missing));
  if (result.missing == kQueued) {
    finding.fail("nothing that was sent to a session without a connection was kept");
  } else if (result.repeated + result.strange > 0 || !result.in_order) {
    finding.fail(text);
  } else if (result.missing > 0) {
    finding.warn(text);
  } else {
    finding.pass(text);
  }
}

void queue_qos0(Stage& stage, Finding& finding) {
  const Connect login = go_away(stage, 0);
  const auto from = stage.log_in("from");
  publish_all(*from, stage.topic(), 0, numbered(kQueuedAtQos0));
  publish_marker(*from, stage.topic("marker"));
  const auto to = stage.log_in(login);
  auto received = receive_to_marker(*to, stage.patience());
  finding.expect(received.complete, "a message of QoS 1 that was sent meanwhile did not come");
  for (auto& late : received_by_now(*to)) received.messages.push_back(std::move(late));
  finding.figure("queued_of_20", static_cast<double>(received.messages.size()));
  finding.only_figures();
}

}  // namespace

std::vector<Check> queue_checks() {
  return {
      {.id = "delivery.queue",
       .title = "500 messages of QoS 1 wait for a device that is away, complete and in order",
       .reference = "[MQTT-4.5.0-1], [MQTT-4.6.0-5]; 3.1.1: [MQTT-3.1.2-5]",
       .meaning = "What is sent to devices that are offline is lost from a certain number on.",
       .settings = {{"mosquitto",
                     "max_queued_messages 1000 or more (0: no limit), and "
                     "max_queued_bytes 0"},
                    {"EMQX", "mqtt.max_mqueue_len = 1000 or more"},
                    {"HiveMQ", "<queued-messages><max-queue-size>1000"},
                    {"RabbitMQ", "no policy with max-length on the queues mqtt-subscription-*"},
                    {"NanoMQ", "mqtt.max_mqueue_len"}},
       .limit = std::chrono::seconds(40),
       .run = queue},
      {.id = "delivery.queue_qos0",
       .title = "whether messages of QoS 0 wait as well",
       .reference = "section 4.5 (a broker may)",
       .meaning = "A device gets, and pays for, readings that are old; or misses them.",
       .settings = {{"mosquitto", "queue_qos0_messages"}, {"EMQX", "mqtt.mqueue_store_qos0"}},
       .run = queue_qos0},
  };
}

}  // namespace holdfast::broker_test
