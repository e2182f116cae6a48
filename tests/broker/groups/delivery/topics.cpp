// Topic names and filters: what matches what.

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

// One topic below `stage.topic()`, and whether the filter has to match it.
struct Case {
  const char* suffix;
  bool matches;
};

// Publishes on each topic, and then on one that matches, and compares what came.
void judge_filter(Stage& stage, Finding& finding, const std::string& filter,
                  const std::vector<Case>& cases, const std::string& last) {
  const auto to = stage.log_in("to");
  subscribe_wide(*to, filter);
  const auto from = stage.log_in("from");
  std::vector<std::string> due;
  for (const Case& one : cases) {
    const std::string topic = stage.topic("t") + one.suffix;
    publish(*from, {.topic = topic, .payload = topic, .qos = 1});
    if (one.matches) due.push_back(topic);
  }
  publish_marker(*from, last);
  const auto received = receive_to_marker(*to, stage.patience());
  for (const Publish& one : received.messages) {
    finding.expect(one.topic == one.payload,
                   "what was sent on " + one.payload + " came on " + one.topic);
  }
  for (const Case& one : cases) {
    const std::string topic = stage.topic("t") + one.suffix;
    const auto came = static_cast<std::size_t>(
        std::count_if(received.messages.begin(), received.messages.end(),
                      [&](const Publish& publish) { return publish.payload == topic; }));
    if (one.matches) {
      finding.expect(came == 1, topic + " came " + std::to_string(came) + " times to " + filter);
    } else {
      finding.expect(came == 0, topic + " must not match " + filter);
    }
  }
  finding.saw(filter + " met " + std::to_string(due.size()) + " of " +
              std::to_string(cases.size()) + " topics");
}

void plus(Stage& stage, Finding& finding) {
  const std::string base = stage.topic("t");
  judge_filter(stage, finding, base + "/+/x",
               {{"/a/x", true},
                {"//x", true},
                {"/x", false},
                {"/a/b/x", false},
                {"/a/x/", false},
                {"/a/y", false},
                {"/a", false}},
               base + "/last/x");
}

void hash(Stage& stage, Finding& finding) {
  const std::string base = stage.topic("t");
  judge_filter(stage, finding, base + "/#",
               {{"", true}, {"/", true}, {"/a", true}, {"/a/b/c", true}, {"x", false}},
               base + "/last");
}

void exact(Stage& stage, Finding& finding) {
  const std::string base = stage.topic("t");
  judge_filter(stage, finding, base + "/a",
               {{"/a", true},
                {"/A", false},
                {"/a/", false},
                {"//a", false},
                {"/aa", false},
                {"/a/b", false},
                {"", false}},
               base + "/a");
}

// The only topic outside of the prefix: its own with a $ in front, which only this run knows.
void dollar(Stage& stage, Finding& finding) {
  const std::string topic = stage.topic();
  const std::string filter = "+" + topic.substr(topic.find('/'));
  const auto to = stage.log_in("to");
  require_wildcards(*to);
  if (const auto granted = to->try_subscribe(filter); granted >= 0x80) {
    throw NotOffered("it refuses the filter " + filter + " with " + reason_text(granted));
  }
  const auto from = stage.log_in("from");
  require_qos(*from, 1);
  std::uint8_t reason = 0;
  try {
    reason = from->publish({.topic = "$" + topic, .payload = "hidden", .qos = 1});
  } catch (const PeerError& error) {
    if (!error.ended_by_broker()) throw;
    finding.pass(std::string("it takes no message on a topic that begins with $: ") + error.what());
    return;
  }
  finding.saw("PUBACK for $" + topic + ": " + reason_text(reason));
  publish_marker(*from, topic);
  const auto received = receive_to_marker(*to, stage.patience());
  if (!received.complete && received.messages.empty()) {
    throw NotOffered("its access list lets nothing through to " + filter);
  }
  finding.expect(received.messages.empty(), filter + " matched a topic that begins with $");
}

void utf8(Stage& stage, Finding& finding) {
  const std::string name = stage.topic("Größe/温度/\xF0\x9F\x8C\xA1 °C");
  const auto to = stage.log_in("to");
  subscribe_at(*to, name, 1);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = name, .payload = "warm", .qos = 1});
  const Publish came = to->receive(stage.patience());
  finding.saw(text_of(came));
  finding.expect(came.topic == name, "it came on another topic: " + came.topic);
}

// The same letter in its two Unicode spellings is two topics.
void no_normalization(Stage& stage, Finding& finding) {
  const std::string composed = stage.topic("caf\xC3\xA9");
  const std::string decomposed = stage.topic("cafe\xCC\x81");
  const auto to = stage.log_in("to");
  subscribe_at(*to, composed, 1);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = decomposed, .payload = "other", .qos = 1});
  publish_marker(*from, composed);
  const auto received = receive_to_marker(*to, stage.patience());
  finding.expect(received.complete, "the message on the very topic did not come");
  finding.expect(received.messages.empty(), "a topic with other bytes matched");
}

}  // namespace

std::vector<Check> topic_checks() {
  const std::vector<Setting> wildcards{{"EMQX", "mqtt.wildcard_subscription = true"},
                                       {"HiveMQ", "<wildcard-subscriptions><enabled>true"}};
  return {
      {.id = "delivery.topic_exact",
       .title = "a filter without wildcards matches its own topic and no other",
       .reference = "section 4.7.3, [MQTT-3.3.2-3]",
       .meaning = "Messages go to devices that they are not meant for, or do not arrive.",
       .run = exact},
      {.id = "delivery.topic_plus",
       .title = "+ matches one level, which may be empty",
       .reference = "[MQTT-4.7.1-3], [MQTT-3.3.2-3]; section 4.7.1.3",
       .meaning = "Backends miss messages of devices, or get those of others.",
       .settings = wildcards,
       .run = plus},
      {.id = "delivery.topic_hash",
       .title = "# matches its parent and all levels below",
       .reference = "[MQTT-4.7.1-2], [MQTT-3.3.2-3]; section 4.7.1.2",
       .meaning = "Backends miss messages of devices, or get those of others.",
       .settings = wildcards,
       .run = hash},
      {.id = "delivery.topic_dollar",
       .title = "a wildcard in front does not match topics that begin with $",
       .reference = "[MQTT-4.7.2-1]",
       .meaning = "A subscription to everything gets the broker's own statistics as well.",
       .run = dollar},
      {.id = "delivery.topic_utf8",
       .title = "topics of any letters come through unaltered",
       .reference = "section 1.5.4 (1.5.3 in 3.1.1), [MQTT-4.7.3-4]",
       .meaning = "Topics with names of places or units do not work.",
       .run = utf8},
      {.id = "delivery.topic_not_normalized",
       .title = "topics are compared byte for byte",
       .reference = "[MQTT-4.7.3-4]",
       .meaning = "Two devices with different names are taken for one.",
       .run = no_normalization},
  };
}

}  // namespace holdfast::broker_test
