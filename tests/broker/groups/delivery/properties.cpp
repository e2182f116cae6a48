// What travels with a message: properties, expiry, topic aliases. All of MQTT 5.

#include <algorithm>

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using std::chrono::milliseconds;

// Brokers count in whole seconds, and may round either way.
constexpr std::uint32_t kShortExpiry = 1;
constexpr auto kPastExpiry = milliseconds(2'500);
constexpr auto kOneSecond = milliseconds(1'200);

std::string hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 0x0F];
  }
  return text;
}

Publish send_with(Stage& stage, const Properties& properties) {
  const Line line = open_line(stage, 1);
  publish(*line.from,
          {.topic = stage.topic(), .payload = "text", .qos = 1, .properties = properties});
  return line.to->receive(stage.patience());
}

void expect_same(Finding& finding, const Publish& came, Property id, const char* name,
                 const std::string& sent) {
  const auto got = came.properties.text(id);
  finding.expect(got == sent, std::string(name) + (got ? " came as " + hex(*got) : " is missing") +
                                  ", sent was " + hex(sent));
}

void request_response(Stage& stage, Finding& finding) {
  const std::string response = stage.topic("answer");
  const std::string correlation("\x00\xFF\x10holdfast", 11);
  const Publish came = send_with(stage, Properties()
                                            .text(Property::response_topic, response)
                                            .text(Property::correlation_data, correlation));
  expect_same(finding, came, Property::response_topic, "the response topic", response);
  expect_same(finding, came, Property::correlation_data, "the correlation data", correlation);
}

void content(Stage& stage, Finding& finding) {
  const std::string type = "application/vnd.holdfast+flatbuffers; v=1";
  const Publish came = send_with(
      stage, Properties().number(Property::payload_format, 1).text(Property::content_type, type));
  expect_same(finding, came, Property::content_type, "the content type", type);
  const auto format = came.properties.number(Property::payload_format);
  finding.expect(format == 1U, "the payload format indicator is " +
                                   (format ? std::to_string(*format) : "missing") + ", sent was 1");
}

void user_properties(Stage& stage, Finding& finding) {
  const std::vector<Properties::Pair> sent{{"b", "1"},      {"a", "2"},       {"b", "3"},
                                           {"", "no name"}, {"no value", ""}, {"°", "Ü"}};
  Properties properties;
  for (const auto& [name, value] : sent) properties.user(name, value);
  const auto came = send_with(stage, properties).properties.users();
  finding.saw(std::to_string(came.size()) + " of " + std::to_string(sent.size()) + " came");
  if (came == sent) return;
  const bool same = std::is_permutation(came.begin(), came.end(), sent.begin(), sent.end());
  finding.fail(same ? "user properties came in another order" : "user properties were altered");
}

// --- Message expiry ------------------------------------------------------------------------------

// Two messages for somebody who is away: one with this expiry, and the marker. Then he comes back
// after `away`.
Received offline_expiry(Stage& stage, std::uint32_t expiry, Clock::duration away) {
  const Connect login = keeping(stage);
  auto to = log_in_kept(stage, login);
  subscribe_at(*to, stage.topic(), 1);
  to->disconnect();
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic(),
                  .payload = "expires",
                  .qos = 1,
                  .properties = Properties().number(Property::message_expiry, expiry)});
  publish_marker(*from, stage.topic());
  let_pass(*from, away);
  to = stage.log_in(login);
  auto received = receive_to_marker(*to, stage.patience());
  if (!received.complete) throw PeerError(Ending::time_up, "a message without expiry did not come");
  return received;
}

void expired(Stage& stage, Finding& finding) {
  const auto received = offline_expiry(stage, kShortExpiry, kPastExpiry).messages;
  finding.expect(received.empty(), "a message came 2.5 s after it was sent, with an expiry of 1 s");
}

void expiry_told(Stage& stage, Finding& finding) {
  constexpr std::uint32_t kExpiry = 60;
  const auto received = offline_expiry(stage, kExpiry, kOneSecond).messages;
  if (!finding.expect(received.size() == 1, "a message that lasts for 60 s did not come")) return;
  const auto left = received.front().properties.number(Property::message_expiry);
  if (!finding.expect(left.has_value(), "the expiry interval is missing")) return;
  finding.figure("expiry", *left, "s");
  finding.expect(*left < kExpiry, "after 1.2 s in the queue it is told that " +
                                      std::to_string(*left) + " s of 60 s are left");
  finding.expect(*left >= kExpiry / 2,
                 "after 1.2 s in the queue only " + std::to_string(*left) + " s of 60 s are left");
}

// --- Topic aliases -------------------------------------------------------------------------------

struct Aliased {
  std::string topic;  // empty: by its alias alone
  std::uint32_t alias;
  std::string meant;
};

void alias_up(Stage& stage, Finding& finding) {
  const auto from = stage.log_in("from");
  const auto most = from->connack().properties.number(Property::topic_alias_maximum).value_or(0);
  finding.figure("topic_alias_maximum", most);
  if (most == 0) throw NotOffered("its CONNACK has no Topic Alias Maximum");
  const std::string one = stage.topic("one");
  const std::string two = stage.topic("two");
  const auto to = stage.log_in("to");
  subscribe_at(*to, one, 1);
  subscribe_at(*to, two, 1);
  // Set, used, set anew, used, and the last alias that is allowed.
  for (const Aliased& step :
       {Aliased{one, 1, one}, Aliased{"", 1, one}, Aliased{two, 1, two}, Aliased{"", 1, two},
        Aliased{one, most, one}, Aliased{"", most, one}}) {
    publish(*from, {.topic = step.topic,
                    .payload = step.meant,
                    .qos = 1,
                    .properties = Properties().number(Property::topic_alias, step.alias)});
    const Publish came = to->receive(stage.patience());
    finding.expect(came.topic == step.meant,
                   "what was meant for " + step.meant + " came on " + came.topic);
  }
  finding.saw("aliases 1 and " + std::to_string(most));
}

// What the broker says on a connection that takes `most` aliases.
void follow_aliases(Stage& stage, Finding& finding, const std::string& name, std::uint32_t most) {
  constexpr unsigned kTopics = 4;
  Connect login = stage.login(name);
  if (most > 0) login.properties.number(Property::topic_alias_maximum, most);
  const auto to = stage.log_in(login);
  const auto from = stage.log_in(name + "-from");
  for (unsigned i = 0; i < kTopics; ++i) subscribe_at(*to, stage.topic(std::to_string(i)), 1);
  std::vector<std::string> known(most + 1);
  std::size_t by_alias = 0;
  for (unsigned i = 0; i < 2 * kTopics; ++i) {
    const std::string topic = stage.topic(std::to_string(i % kTopics));
    publish(*from, {.topic = topic, .payload = "m", .qos = 1});
    Publish came = to->receive(stage.patience());
    const auto alias = came.properties.number(Property::topic_alias);
    if (alias && !finding.expect(*alias >= 1 && *alias <= most,
                                 "the alias " + std::to_string(*alias) + " came where " +
                                     std::to_string(most) + " are allowed")) {
      return;
    }
    if (alias && !came.topic.empty()) known[*alias] = came.topic;
    if (alias && came.topic.empty()) {
      came.topic = known[*alias];
      ++by_alias;
    }
    finding.expect(came.topic == topic, "what was sent on " + topic + " came on " + came.topic);
  }
  finding.figure("by_alias_of_" + std::to_string(most), static_cast<double>(by_alias));
}

void alias_down(Stage& stage, Finding& finding) {
  follow_aliases(stage, finding, "none", 0);
  follow_aliases(stage, finding, "two", 2);
}

}  // namespace

std::vector<Check> property_checks() {
  return {
      {.id = "delivery.request_response",
       .title = "response topic and correlation data come through unaltered",
       .reference = "[MQTT-3.3.2-15], [MQTT-3.3.2-16]",
       .meaning = "Commands cannot be answered, or the answers are taken for others.",
       .needs = Need::mqtt5,
       .run = request_response},
      {.id = "delivery.content_type",
       .title = "content type and payload format come through unaltered",
       .reference = "[MQTT-3.3.2-4], [MQTT-3.3.2-20]",
       .meaning = "Backends cannot tell which schema a payload has.",
       .needs = Need::mqtt5,
       .run = content},
      {.id = "delivery.user_properties",
       .title = "user properties come through unaltered and in order",
       .reference = "[MQTT-3.3.2-17], [MQTT-3.3.2-18]",
       .meaning = "What the SDK tells of a stream besides its payload is lost.",
       .needs = Need::mqtt5,
       .run = user_properties},
      {.id = "delivery.message_expired",
       .title = "a message whose time is over is not delivered",
       .reference = "[MQTT-3.3.2-5]",
       .meaning = "A device that was offline carries out commands that are no longer meant.",
       .needs = Need::mqtt5,
       .run = expired},
      {.id = "delivery.message_expiry_told",
       .title = "the time that a message has left is told less what it has waited",
       .reference = "[MQTT-3.3.2-6]",
       .meaning = "A device takes a command for fresh that has waited in the queue.",
       .needs = Need::mqtt5,
       .run = expiry_told},
      {.id = "delivery.topic_alias_up",
       .title = "the broker takes all topic aliases that it allows, and anew for another topic",
       .reference = "[MQTT-3.3.2-12], section 3.3.2.3.4",
       .meaning =
           "Readings are filed under the wrong topic; without aliases every message pays for "
           "its topic.",
       .settings = {{"mosquitto", "max_topic_alias 10 (a listener's option)"},
                    {"EMQX", "mqtt.max_topic_alias = 65535"},
                    {"HiveMQ", "<topic-alias><enabled>true</enabled><max-per-client>5"},
                    {"RabbitMQ", "mqtt.topic_alias_maximum = 16 (3.13 and later)"}},
       .needs = Need::mqtt5,
       .run = alias_up},
      {.id = "delivery.topic_alias_down",
       .title = "the broker uses no alias that the device has not allowed, and each for one topic",
       .reference = "[MQTT-3.1.2-26], [MQTT-3.1.2-27], [MQTT-3.3.2-11]",
       .meaning = "A device cannot tell on what topic a message came, and has to hang up.",
       .needs = Need::mqtt5,
       .run = alias_down},
  };
}

}  // namespace holdfast::broker_test
