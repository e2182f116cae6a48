// Sessions: whether there is one is told truly, it lasts as long as it was asked for, and no
// longer.

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using std::chrono::milliseconds;

// Brokers count in whole seconds, and may look once a second.
constexpr std::uint32_t kShort = 1;
constexpr auto kPastShort = milliseconds(3'000);
// As long as a device may be in a container on a ship, or in a garage.
constexpr std::uint32_t kLong = 7 * 86'400;

// Of a session that lasts by itself: with 3.1.1 that is one that is not clean.
bool present_at(Stage& stage, const Connect& login) {
  const auto peer = stage.log_in(login);
  const bool present = peer->connack().session_present;
  peer->disconnect();
  return present;
}

// The session, with one subscription.
void make_session(Stage& stage, const Connect& login, const Disconnect& end = {}) {
  const auto peer = log_in_kept(stage, login);
  subscribe_at(*peer, stage.topic(), 1);
  peer->disconnect(end);
}

void new_session(Stage& stage, Finding& finding) {
  finding.expect(!present_at(stage, keeping(stage)),
                 "Session Present is 1 for a client that was never here");
}

void kept_session(Stage& stage, Finding& finding) {
  const Connect login = keeping(stage);
  make_session(stage, login);
  finding.expect(present_at(stage, login), "Session Present is 0 for a session that is kept");
}

void subscriptions_kept(Stage& stage, Finding& finding) {
  const Connect login = keeping(stage);
  make_session(stage, login);
  const auto to = stage.log_in(login);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic(), .payload = "m", .qos = 1});
  const auto came = to->try_receive(stage.patience());
  finding.expect(came.has_value(), "the subscription of a kept session is gone");
}

void clean_session(Stage& stage, Finding& finding) {
  Connect login = keeping(stage);
  make_session(stage, login);
  login.clean = true;
  finding.expect(!present_at(stage, login), "Session Present is 1 after a clean start");
}

void discarded_session(Stage& stage, Finding& finding) {
  Connect login = keeping(stage);
  make_session(stage, login);
  login.clean = true;
  const auto to = stage.log_in(login);
  subscribe_at(*to, stage.topic("marker"), 1);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic(), .payload = "old", .qos = 1});
  publish_marker(*from, stage.topic("marker"));
  const auto received = receive_to_marker(*to, stage.patience());
  finding.expect(received.complete, "a message to the new session did not come");
  finding.expect(received.messages.empty(), "a subscription has outlived a clean start");
}

// What no session was asked for ends with its connection.
void ended_session(Stage& stage, Finding& finding) {
  Connect login = keeping(stage, "ended", 0);
  Connect first = login;
  first.clean = !stage.speaks_mqtt5();
  const auto peer = stage.log_in(first);
  subscribe_at(*peer, stage.topic(), 1);
  peer->disconnect();
  finding.expect(!present_at(stage, login),
                 "Session Present is 1 for a session that was not to "
                 "be kept");
}

void expired_session(Stage& stage, Finding& finding) {
  const Connect login = keeping(stage, "short", kShort);
  make_session(stage, login);
  const auto clock = stage.log_in("clock");
  let_pass(*clock, kPastShort);
  finding.expect(!present_at(stage, login),
                 "a session with an expiry of 1 s is still there after 3 s");
}

void expiry_by_disconnect(Stage& stage, Finding& finding) {
  const Connect login = keeping(stage);
  Disconnect end;
  end.properties.number(Property::session_expiry, 0);
  make_session(stage, login, end);
  finding.expect(!present_at(stage, login),
                 "Session Present is 1 after a DISCONNECT with Session Expiry Interval 0");
}

void longest_expiry(Stage& stage, Finding& finding) {
  const auto peer = stage.log_in(keeping(stage, "long", kLong));
  const auto granted = peer->connack().properties.number(Property::session_expiry).value_or(kLong);
  finding.figure("session_expiry", granted, "s");
  const std::string text = std::to_string(granted) + " s of " + std::to_string(kLong) + " s";
  if (granted < kLong) {
    finding.warn("the broker keeps a session for " + text);
  } else {
    finding.pass(text);
  }
}

void reconnections(Stage& stage, Finding& finding) {
  const Connect login = keeping(stage);
  make_session(stage, login);
  const auto from = stage.log_in("from");
  for (unsigned i = 1; i <= 3; ++i) {
    const std::string which = std::to_string(i);
    publish(*from, {.topic = stage.topic(), .payload = "offline" + which, .qos = 1});
    const auto to = stage.log_in(login);
    publish(*from, {.topic = stage.topic(), .payload = "online" + which, .qos = 1});
    publish_marker(*from, stage.topic());
    const auto received = receive_to_marker(*to, stage.patience()).messages;
    if (!expect_exact(finding, {"offline" + which, "online" + which}, received)) return;
    to->ping();  // the acknowledgements have been read
    if (i % 2 == 0) {
      to->disconnect();
    } else {
      to->drop();
      // The next message is for a session without a connection, not for one that is about to end.
      stage.log_in(login)->disconnect();
    }
  }
}

}  // namespace

std::vector<Check> kept_session_checks() {
  return {
      {.id = "delivery.session_new",
       .title = "Session Present is 0 for a client that was never here",
       .reference = "[MQTT-3.2.2-3]; 3.1.1: [MQTT-3.2.2-3]",
       .meaning = "A device takes its subscriptions for made, and hears nothing.",
       .run = new_session},
      {.id = "delivery.session_present",
       .title = "Session Present is 1 for a session that was kept",
       .reference = "[MQTT-3.2.2-3], [MQTT-3.1.2-23]; 3.1.1: [MQTT-3.2.2-2]",
       .meaning = "Devices subscribe anew and send what was sent already, on every reconnection.",
       .settings = {{"mosquitto", "persistent_client_expiration no shorter than devices are away"}},
       .run = kept_session},
      {.id = "delivery.session_subscriptions",
       .title = "the subscriptions of a kept session are there",
       .reference = "[MQTT-3.1.2-5]; 3.1.1: [MQTT-3.1.2-4]",
       .meaning = "A device that was told that its session is there hears nothing.",
       .run = subscriptions_kept},
      {.id = "delivery.session_clean",
       .title = "Session Present is 0 after a clean start",
       .reference = "[MQTT-3.2.2-2]; 3.1.1: [MQTT-3.2.2-1]",
       .meaning = "A device that starts anew is told of a session that it does not know.",
       .run = clean_session},
      {.id = "delivery.session_discarded",
       .title = "a clean start throws the session away",
       .reference = "[MQTT-3.1.2-4]; 3.1.1: [MQTT-3.1.2-6]",
       .meaning = "Subscriptions that a device has given up go on costing it bytes.",
       .run = discarded_session},
      {.id = "delivery.session_ended",
       .title = "a session that was not to be kept ends with its connection",
       .reference = "section 3.1.2.11.2, [MQTT-4.1.0-2]; 3.1.1: [MQTT-3.1.2-6]",
       .meaning = "The broker fills up with sessions of devices that asked for none.",
       .run = ended_session},
      {.id = "delivery.session_expired",
       .title = "a session ends when its expiry interval has passed",
       .reference = "[MQTT-4.1.0-2], section 3.1.2.11.2",
       .meaning = "The broker fills up with queues of devices that are gone.",
       .needs = Need::mqtt5,
       .run = expired_session},
      {.id = "delivery.session_expiry_by_disconnect",
       .title = "a DISCONNECT can end the session",
       .reference = "section 3.14.2.2.2, [MQTT-4.1.0-2]",
       .meaning = "A device that is taken out of service leaves a queue that fills up.",
       .needs = Need::mqtt5,
       .run = expiry_by_disconnect},
      {.id = "delivery.session_longest",
       .title = "a session can last for a week",
       .reference = "section 3.2.2.3.2",
       .meaning = "What is sent to devices that are offline for longer is lost.",
       .settings = {{"HiveMQ", "<session-expiry><max-interval>4294967295"},
                    {"RabbitMQ",
                     "mqtt.max_session_expiry_interval_seconds = 604800 (3.13 and "
                     "later; its default is a day)"}},
       .needs = Need::mqtt5,
       .run = longest_expiry},
      {.id = "delivery.session_reconnections",
       .title = "a session lasts over three reconnections, offline messages included",
       .reference = "[MQTT-3.1.2-5], [MQTT-4.5.0-1]",
       .meaning = "A device on a bad link loses what is sent to it.",
       .run = reconnections},
  };
}

}  // namespace holdfast::broker_test
