// Who is there: take-over, keep-alive, and names that the broker gives.

#include "groups/delivery_kit.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using std::chrono::milliseconds;

constexpr std::uint8_t kSessionTakenOver = 0x8E;
constexpr std::uint8_t kIdentifierNotValid = 0x85;
constexpr std::uint8_t kOldIdentifierRejected = 0x02;

// --- Take-over -----------------------------------------------------------------------------------

// The same client a second time, while the first still stands: a device after a change of networks.
void take_over(Stage& stage, Finding& finding) {
  const auto old = stage.log_in();
  const auto now = stage.log_in();
  const auto end = old->wait_end(stage.patience());
  if (!finding.expect(end && end->ended_by_broker(),
                      "two connections of the same client stand side by side")) {
    return;
  }
  finding.saw(end->what());
  subscribe_at(*now, stage.topic(), 0);
  publish(*now, {.topic = stage.topic(), .payload = "m"});
  finding.expect(now->try_receive(stage.patience()).has_value(),
                 "the new connection does not work");
}

void take_over_reason(Stage& stage, Finding& finding) {
  const auto old = stage.log_in();
  const auto now = stage.log_in();
  const auto end = old->wait_end(stage.patience());
  if (!finding.expect(end.has_value(), "the old connection was not ended")) return;
  finding.saw(end->what());
  if (end->how() == Ending::disconnected && end->reason() == kSessionTakenOver) return;
  finding.warn(
      "the old connection is not told 0x8E: two devices with one name push each other "
      "out without end");
}

// What the old connection had not acknowledged is the new one's.
void take_over_session(Stage& stage, Finding& finding) {
  const Connect login = keeping(stage);
  const auto old = log_in_kept(stage, login);
  subscribe_at(*old, stage.topic(), 1);
  old->acknowledge(MqttPeer::Acknowledging::when_told);
  const auto from = stage.log_in("from");
  publish(*from, {.topic = stage.topic(), .payload = "open", .qos = 1});
  old->receive(stage.patience());
  const auto now = stage.log_in(login);
  publish(*from, {.topic = stage.topic(), .payload = "new", .qos = 1});
  publish_marker(*from, stage.topic());
  expect_exact(finding, {"open", "new"}, receive_to_marker(*now, stage.patience()).messages);
}

// --- Keep-alive ----------------------------------------------------------------------------------

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

void judge_silence(Finding& finding, double seconds, double keep_alive) {
  finding.figure("closed_after", seconds, "s");
  char text[96];
  std::snprintf(text, sizeof text, "closed after %.1f s of silence, with a keep-alive of %.0f s",
                seconds, keep_alive);
  if (seconds < 1.25 * keep_alive) {
    finding.fail(std::string(text) + ": too early");
  } else if (seconds > 1.5 * keep_alive + 1.5) {
    finding.warn(text);
  } else {
    finding.pass(text);
  }
}

void keep_alive(Stage& stage, Finding& finding) {
  constexpr std::uint16_t kAsked = 2;
  constexpr std::uint32_t kLongestTried = 4;
  const auto observer = stage.log_in("observer");
  subscribe_at(*observer, stage.topic(), 0);
  Connect login = stage.login("silent");
  login.keep_alive = kAsked;
  login.will = Will{.topic = stage.topic(), .payload = "silent"};
  const auto began = Clock::now();
  const auto peer = stage.log_in(login);
  const auto seconds =
      peer->connack().properties.number(Property::server_keep_alive).value_or(kAsked);
  if (seconds == 0 || seconds > kLongestTried) {
    peer->disconnect();
    throw NotOffered("its CONNACK says Server Keep Alive " + std::to_string(seconds) +
                     ", which is not waited for");
  }
  const auto end = peer->wait_end(std::chrono::seconds(5 * seconds));
  if (!finding.expect(end && end->ended_by_broker(),
                      "a silent connection still stands after 5 times its keep-alive")) {
    return;
  }
  judge_silence(finding, seconds_since(began), seconds);
  finding.saw(end->what());
  finding.expect(observer->try_receive(stage.patience()).has_value(),
                 "the will of the silent client did not come");
}

// Two clients for longer than their keep-alive times 1.5: one pings, the other publishes.
void kept_alive(Stage& stage, Finding& finding) {
  constexpr std::uint16_t kAsked = 1;
  Connect login = stage.login("pings");
  login.keep_alive = kAsked;
  const auto pings = stage.log_in(login);
  login.client_id = stage.client_id("publishes");
  const auto publishes = stage.log_in(login);
  for (unsigned i = 0; i < 3; ++i) {
    let_pass(*pings, milliseconds(700));
    pings->ping();
    publish(*publishes, {.topic = stage.topic(), .payload = "m"});
  }
  let_pass(*publishes, milliseconds(100));
  publishes->ping();
  finding.pass("2.2 s with a keep-alive of 1 s: one client pinged, the other published");
}

void server_keep_alive(Stage& stage, Finding& finding) {
  constexpr std::uint16_t kAsked = 1'200;
  Connect login = stage.login();
  login.keep_alive = kAsked;
  const auto peer = stage.log_in(login);
  const auto told = peer->connack().properties.number(Property::server_keep_alive);
  const std::uint32_t seconds = told.value_or(kAsked);
  finding.figure("keep_alive", seconds, "s");
  const std::string text = std::to_string(seconds) + " s where 1200 s were asked";
  if (seconds > 0 && seconds < kAsked) {
    finding.warn(text);
  } else {
    finding.pass(text);
  }
}

// --- Client identifiers --------------------------------------------------------------------------

std::string assigned(Stage& stage, Finding& finding, std::unique_ptr<MqttPeer>& peer) {
  Connect login = stage.login();
  login.client_id.clear();
  peer = stage.open();
  const Connack connack = peer->try_connect(login);
  if (connack.reason == kIdentifierNotValid) {
    throw NotOffered("it gives no identifiers: " + reason_text(connack.reason));
  }
  if (!finding.expect(connack.reason == 0, "CONNACK has " + reason_text(connack.reason))) return {};
  const auto name = connack.properties.text(Property::assigned_client_id);
  finding.expect(name && !name->empty(), "CONNACK has no Assigned Client Identifier");
  return name.value_or("");
}

void assigned_client_id(Stage& stage, Finding& finding) {
  std::unique_ptr<MqttPeer> one;
  std::unique_ptr<MqttPeer> two;
  const std::string first = assigned(stage, finding, one);
  if (first.empty()) return;
  const std::string second = assigned(stage, finding, two);
  finding.saw("it gave " + first + " and " + second);
  finding.expect(first != second, "two clients were given the same identifier");
  one->ping();  // the second one has not taken its session over
}

void no_client_id(Stage& stage, Finding& finding) {
  Connect login = stage.login();
  login.version = Version::v311;
  login.client_id.clear();
  const auto clean = stage.open(Version::v311);
  std::uint8_t code = 0;
  try {
    code = clean->try_connect(login).reason;
  } catch (const PeerError& error) {
    if (!error.ended_by_broker()) throw;
    throw NotOffered(std::string("it does not speak MQTT 3.1.1: ") + error.what());
  }
  if (code == 1) throw NotOffered("it does not speak MQTT 3.1.1");
  finding.figure("gives_names", code == 0 ? 1 : 0);
  finding.expect(
      code == 0 || code == kOldIdentifierRejected,
      "with a clean session the return code is " + std::to_string(code) + ", 0 or 2 was due");
  login.clean = false;
  const auto kept = stage.open(Version::v311);
  code = kept->try_connect(login).reason;
  finding.expect(code == kOldIdentifierRejected, "with a session to keep the return code is " +
                                                     std::to_string(code) + ", 2 was due");
}

}  // namespace

std::vector<Check> presence_checks() {
  return {
      {.id = "delivery.take_over",
       .title = "a client that logs in again takes the place of its old connection",
       .reference = "[MQTT-3.1.4-3]; 3.1.1: [MQTT-3.1.4-2]",
       .meaning = "After a change of networks a device's messages go to a connection that is dead.",
       .run = take_over},
      {.id = "delivery.take_over_reason",
       .title = "the old connection is told that it was taken over",
       .reference = "[MQTT-3.1.4-3], section 4.13",
       .meaning = "Two devices with the same name cannot notice, and push each other out without "
                  "end.",
       .needs = Need::mqtt5,
       .run = take_over_reason},
      {.id = "delivery.take_over_session",
       .title = "what the old connection had not acknowledged comes on the new one",
       .reference = "[MQTT-4.4.0-1], [MQTT-3.1.2-5]",
       .meaning = "A change of networks loses messages.",
       .run = take_over_session},
      {.id = "delivery.keep_alive",
       .title = "a client that is silent for 1.5 times its keep-alive is closed, and its will sent",
       .reference = "[MQTT-3.1.2-22], [MQTT-3.1.2-8]; 3.1.1: [MQTT-3.1.2-24]",
       .meaning = "Devices that are gone stay online for the backend, for too long or for ever.",
       .settings = {{"mosquitto", "it looks every few seconds; there is no setting"},
                    {"EMQX", "mqtt.keepalive_multiplier = 1.5"},
                    {"NanoMQ", "mqtt.keepalive_multiplier = 1.5"}},
       .limit = std::chrono::seconds(40),
       .run = keep_alive},
      {.id = "delivery.kept_alive",
       .title = "a ping is answered, and any packet keeps a connection alive",
       .reference = "[MQTT-3.12.4-1], [MQTT-3.1.2-22]; 3.1.1: [MQTT-3.1.2-24]",
       .meaning = "Devices are thrown out although they send.",
       .run = kept_alive},
      {.id = "delivery.server_keep_alive",
       .title = "a keep-alive of 20 minutes is allowed",
       .reference = "[MQTT-3.2.2-21]",
       .meaning = "The broker makes devices ping more often than their links need: bytes, and a "
                  "radio that wakes up.",
       .settings = {{"mosquitto", "max_keepalive 1200 or more"},
                    {"EMQX", "mqtt.server_keepalive = disabled"},
                    {"HiveMQ", "<keep-alive><max-keep-alive>65535"}},
       .needs = Need::mqtt5,
       .run = server_keep_alive},
      {.id = "delivery.assigned_client_id",
       .title = "a client without an identifier is told the one it was given, and nobody else's",
       .reference = "[MQTT-3.1.3-6], [MQTT-3.1.3-7], [MQTT-3.2.2-16]",
       .meaning = "Tools without a name of their own push each other out.",
       .needs = Need::mqtt5,
       .run = assigned_client_id},
      {.id = "delivery.no_client_id",
       .title = "MQTT 3.1.1: without an identifier no session can be kept",
       .reference = "3.1.1: [MQTT-3.1.3-8]",
       .meaning = "Sessions pile up that nobody can come back to.",
       .run = no_client_id},
  };
}

}  // namespace holdfast::broker_test
