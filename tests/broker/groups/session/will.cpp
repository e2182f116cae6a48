// Wills: what the broker says in the name of a client that is gone.

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kWill = "gone";
constexpr std::uint8_t kDisconnectWithWill = 0x04;
constexpr std::uint32_t kDelay = 1;
constexpr auto kNotBefore = milliseconds(900);
constexpr auto kPastDelay = milliseconds(2'500);
constexpr auto kLate = seconds(4);

std::unique_ptr<MqttPeer> observe(Stage& stage) {
  auto observer = stage.log_in("observer");
  subscribe_at(*observer, stage.topic(), 1);
  return observer;
}

Connect with_will(Stage& stage, Connect login, const Properties& properties = {}) {
  login.will = Will{.topic = stage.topic(), .payload = kWill, .qos = 1, .properties = properties};
  return login;
}

Connect delayed(Stage& stage, std::uint32_t delay, std::uint32_t session = kKept) {
  return with_will(stage, keeping(stage, "mortal", session),
                   Properties().number(Property::will_delay, delay));
}

std::unique_ptr<MqttPeer> log_in_mortal(Stage& stage) {
  auto peer = stage.log_in(with_will(stage, stage.login("mortal")));
  require_qos(*peer, 1);
  return peer;
}

void expect_will(Stage& stage, Finding& finding, MqttPeer& observer) {
  const auto came = observer.try_receive(stage.patience());
  if (!finding.expect(came.has_value(), "it did not come")) return;
  finding.saw(text_of(*came));
  finding.expect(came->payload == kWill, "its payload was altered");
  finding.expect(!came->retain, "it came as a retained message");
}

// Nothing but the marker, and after it nothing either.
void expect_none(Stage& stage, Finding& finding, MqttPeer& observer) {
  publish_marker(observer, stage.topic());
  const auto before = receive_to_marker(observer, stage.patience());
  const auto after = observer.try_receive(Stage::kQuiet);
  finding.expect(before.complete, "a message on the will's topic did not come");
  finding.expect(before.messages.empty() && !after, "it came");
}

void after_drop(Stage& stage, Finding& finding) {
  const auto observer = observe(stage);
  log_in_mortal(stage)->drop();
  expect_will(stage, finding, *observer);
}

void after_disconnect(Stage& stage, Finding& finding) {
  const auto observer = observe(stage);
  log_in_mortal(stage)->disconnect();
  expect_none(stage, finding, *observer);
}

void on_request(Stage& stage, Finding& finding) {
  const auto observer = observe(stage);
  log_in_mortal(stage)->disconnect({.reason = kDisconnectWithWill});
  expect_will(stage, finding, *observer);
}

void retained_will(Stage& stage, Finding& finding) {
  const auto observer = observe(stage);
  require_retained(*observer);
  Connect login = with_will(stage, stage.login("mortal"));
  login.will->retain = true;
  stage.note_retained(stage.topic());
  stage.log_in(login)->drop();
  observer->receive(stage.patience());
  const auto later = stage.log_in("later");
  subscribe_at(*later, stage.topic(), 1);
  const auto came = later->try_receive(stage.patience());
  if (!finding.expect(came.has_value(), "a later subscriber did not get it")) return;
  finding.saw(text_of(*came));
  finding.expect(came->payload == kWill && came->retain, "another message was retained");
}

void will_properties(Stage& stage, Finding& finding) {
  const std::vector<Properties::Pair> users{{"b", "1"}, {"a", "2"}, {"b", "3"}};
  Properties properties;
  properties.text(Property::content_type, "text/plain");
  for (const auto& [name, value] : users) properties.user(name, value);
  const auto observer = observe(stage);
  stage.log_in(with_will(stage, stage.login("mortal"), properties))->drop();
  const Publish came = observer->receive(stage.patience());
  finding.expect(came.properties.text(Property::content_type) == "text/plain",
                 "its content type is missing or was altered");
  finding.expect(came.properties.users() == users, "its user properties were altered");
}

void delay(Stage& stage, Finding& finding) {
  const auto observer = observe(stage);
  log_in_kept(stage, delayed(stage, kDelay))->drop();
  const auto began = Clock::now();
  const auto came = observer->try_receive(stage.patience());
  if (!finding.expect(came.has_value(), "it did not come")) return;
  const auto took = Clock::now() - began;
  const double taken = std::chrono::duration<double>(took).count();
  finding.figure("came_after", taken, "s");
  finding.expect(took >= kNotBefore, "it came before its delay of 1 s had passed");
  if (took > kLate) finding.warn("it came late: its delay was 1 s");
}

void delay_cancelled(Stage& stage, Finding& finding) {
  const auto observer = observe(stage);
  const Connect login = delayed(stage, kDelay);
  log_in_kept(stage, login)->drop();
  const auto back = stage.log_in(login);
  const auto came = observer->try_receive(kPastDelay);
  finding.expect(!came, "it came although the client was back in time");
  back->disconnect();
}

// The session ends first, and the will does not wait any longer.
void delay_longer_than_session(Stage& stage, Finding& finding) {
  constexpr std::uint32_t kLongDelay = 60;
  const auto observer = observe(stage);
  log_in_kept(stage, delayed(stage, kLongDelay, 1))->drop();
  const auto began = Clock::now();
  const auto came = observer->try_receive(stage.patience());
  if (!finding.expect(
          came.has_value(),
          "with a delay of 60 s it did not come when the session had ended after 1 s")) {
    return;
  }
  finding.figure("came_after", std::chrono::duration<double>(Clock::now() - began).count(), "s");
}

}  // namespace

std::vector<Check> will_checks() {
  return {
      {.id = "delivery.will",
       .title = "the will of a client whose connection breaks is sent",
       .reference = "[MQTT-3.1.2-8], [MQTT-3.1.2-14]",
       .meaning = "Backends take devices for online that are gone.",
       .run = after_drop},
      {.id = "delivery.will_not_sent",
       .title = "no will is sent after a DISCONNECT in order",
       .reference = "[MQTT-3.14.4-3], [MQTT-3.1.2-10]",
       .meaning = "Devices that are switched off as they should be raise alarms.",
       .run = after_disconnect},
      {.id = "delivery.will_on_request",
       .title = "a DISCONNECT with 0x04 sends the will",
       .reference = "[MQTT-3.1.2-8], section 3.14.2.1",
       .meaning = "A device that goes to sleep cannot say so by its will.",
       .needs = Need::mqtt5,
       .run = on_request},
      {.id = "delivery.will_retained",
       .title = "a will can be retained",
       .reference = "[MQTT-3.1.2-15]; 3.1.1: [MQTT-3.1.2-17]",
       .meaning = "A backend that starts later takes devices for online that are gone.",
       .settings = {{"mosquitto", "retain_available true"},
                    {"EMQX", "retainer.enable = true"},
                    {"HiveMQ", "<retained-messages><enabled>true"}},
       .run = retained_will},
      {.id = "delivery.will_properties",
       .title = "the properties of a will come through unaltered and in order",
       .reference = "[MQTT-3.1.3-10], section 3.1.3.2",
       .meaning = "Backends cannot tell which schema a will has.",
       .needs = Need::mqtt5,
       .run = will_properties},
      {.id = "delivery.will_delay",
       .title = "a will waits for its delay",
       .reference = "[MQTT-3.1.2-8], section 3.1.3.2.2",
       .meaning = "Every short gap of a mobile link raises an alarm.",
       .needs = Need::mqtt5,
       .run = delay},
      {.id = "delivery.will_delay_cancelled",
       .title = "a will is not sent when its client is back before the delay is over",
       .reference = "[MQTT-3.1.3-9]",
       .meaning = "Every short gap of a mobile link raises an alarm.",
       .needs = Need::mqtt5,
       .run = delay_cancelled},
      {.id = "delivery.will_at_session_end",
       .title = "a will does not wait longer than its session lasts",
       .reference = "[MQTT-3.1.2-8], section 3.1.3.2.2",
       .meaning = "Backends take devices for online whose sessions are gone.",
       .needs = Need::mqtt5,
       .run = delay_longer_than_session},
  };
}

}  // namespace holdfast::broker_test
