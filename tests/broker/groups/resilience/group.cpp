// What is kept when the broker goes away and comes back, and what a fleet that comes back meets.

#include <algorithm>
#include <atomic>
#include <set>

#include "catalogue.hpp"
#include "crowd.hpp"
#include "groups/economy/parts.hpp"
#include "groups/resilience/parts.hpp"
#include "shell_command.hpp"
#include "stage.hpp"

namespace holdfast::broker_test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kBefore = 200;  // messages that are acknowledged before the broker goes

// --- Going and coming back -----------------------------------------------------------------------

// Runs the command, and waits until the broker lets somebody in.
void renew_broker(Stage& stage, const std::string& command) {
  run_command(command, stage.deadline());
  log_in_again(stage, stage.login("probe"))->disconnect();
}

struct Loss {
  unsigned acknowledged = 0;
  unsigned arrived = 0;
};

// A subscriber that is away, messages that are acknowledged while the broker goes, and what the
// subscriber gets when it is back.
Loss publish_around(Stage& stage, const std::string& command) {
  const std::string topic = stage.topic("around");
  Connect subscriber = keeping_session(stage, "subscriber");
  {
    const auto peer = stage.log_in(subscriber);
    peer->subscribe(topic);
    peer->disconnect();
  }
  Loss loss;
  {
    const auto publisher = stage.log_in("publisher");
    for (unsigned i = 0; i < kBefore; ++i) {
      if (publisher->publish({.topic = topic, .payload = std::to_string(i), .qos = 1}) <
          kFirstFailure) {
        ++loss.acknowledged;
      }
    }
    renew_broker(stage, command);
  }
  const auto peer = stage.log_in(subscriber);
  std::set<std::string> arrived;
  for (const Publish& one : peer->receive_all(loss.acknowledged, 2s)) arrived.insert(one.payload);
  loss.arrived = static_cast<unsigned>(arrived.size());
  peer->disconnect();
  return loss;
}

void tell(Finding& finding, const Loss& loss) {
  finding.figure("acknowledged", loss.acknowledged);
  finding.figure("arrived", loss.arrived);
}

void restart_delivery(Stage& stage, Finding& finding) {
  const Loss loss = publish_around(stage, stage.options().restart_command);
  tell(finding, loss);
  const unsigned lost = loss.acknowledged - std::min(loss.acknowledged, loss.arrived);
  if (finding.expect(lost == 0, std::to_string(lost) + " acknowledged messages were lost")) {
    finding.pass("all " + std::to_string(loss.acknowledged) + " acknowledged messages arrived");
  }
}

void kill_delivery(Stage& stage, Finding& finding) {
  if (stage.options().kill_command.empty()) {
    finding.not_applicable("give --kill-command");
    return;
  }
  const Loss loss = publish_around(stage, stage.options().kill_command);
  tell(finding, loss);
  const unsigned lost = loss.acknowledged - std::min(loss.acknowledged, loss.arrived);
  if (lost == 0) {
    finding.pass("all " + std::to_string(loss.acknowledged) + " acknowledged messages arrived");
  } else {
    finding.warn(std::to_string(lost) + " messages that it had acknowledged were lost");
  }
}

void restart_state(Stage& stage, Finding& finding) {
  const std::string topic = stage.topic("retained");
  stage.note_retained(topic);
  const Connect session = keeping_session(stage, "session");
  {
    const auto peer = stage.log_in(session);
    peer->subscribe(stage.topic("session"));
    peer->publish({.topic = topic, .payload = "kept", .qos = 1, .retain = true});
    peer->disconnect();
  }
  const auto began = Clock::now();
  renew_broker(stage, stage.options().restart_command);
  finding.figure("away", std::chrono::duration<double>(Clock::now() - began).count(), "s");
  const auto peer = stage.open();
  const Connack connack = peer->connect(session);
  finding.expect(connack.session_present, "the session was forgotten");
  peer->subscribe(topic);
  const auto kept = peer->try_receive(2s);
  finding.expect(kept && kept->payload == "kept", "the retained message was forgotten");
  peer->disconnect();
  if (finding.verdict() == Verdict::pass) finding.saw("session and retained message are there");
}

void restart_identity(Stage& stage, Finding& finding) {
  const auto ticket = fresh_ticket(stage);
  renew_broker(stage, stage.options().restart_command);
  const auto peer = stage.log_in();
  finding.pass("after the restart it proved " + peer->tls().facts().pin->text());
  peer->disconnect();
  if (!ticket) return;
  const bool resumed = try_ticket(stage, *ticket).resumed;
  finding.figure("old_ticket_resumed", resumed ? 1 : 0);
  finding.saw(resumed ? "tickets of before are still good"
                      : "tickets of before are refused: each device pays a full handshake once");
}

// --- A storm -------------------------------------------------------------------------------------

void reconnect_storm(Stage& stage, Finding& finding) {
  constexpr unsigned kDevices = 50;
  std::vector<std::optional<Ticket>> tickets(kDevices);
  for (auto& ticket : tickets) ticket = fresh_ticket(stage);
  std::atomic<unsigned> resumed{0};
  const auto began = Clock::now();
  run_crowd(kDevices, kDevices, [&](unsigned i) {
    TlsOffer offer = stage.tls_offer();
    if (tickets[i]) offer.ticket = &*tickets[i];
    MqttPeer peer(stage.open_tls(offer), stage.version(), stage.deadline(), stage.patience());
    peer.connect(stage.login("storm" + std::to_string(i)));
    peer.ping();
    if (peer.tls().facts().resumed) ++resumed;
    peer.disconnect();
  });
  finding.figure("devices", kDevices);
  finding.figure("resumed", resumed);
  finding.figure("took", std::chrono::duration<double>(Clock::now() - began).count(), "s");
  if (!tickets.front()) {
    finding.pass("all came back, each with a full handshake: the broker gives no tickets");
    return;
  }
  judge_share(finding, resumed, kDevices, "devices that came back resumed");
}

}  // namespace

std::vector<Check> resilience_checks() {
  std::vector<Check> checks{
      {.id = "resilience.reconnect_storm",
       .title = "fifty devices that come back at the same time get in, by their tickets",
       .reference = "practice",
       .meaning = "After an outage each device pays for a full handshake, and the broker as well.",
       .settings = {{"", "the ticket keys of all nodes have to be the same, and to last"}},
       .needs = Need::invasive,
       .limit = 60s,
       .run = reconnect_storm},
      {.id = "resilience.restart_delivery",
       .title = "what was acknowledged arrives, over a restart in order",
       .reference = "MQTT 5.0 section 4.1.1, 3.1.1 section 3.1.2.4",
       .meaning = "Messages that devices have deleted, because the broker had them, are gone.",
       .settings = {{"mosquitto",
                     "persistence true, and a persistence_location that its user may write"},
                    {"EMQX", "durable_sessions.enable = true"},
                    {"RabbitMQ",
                     "mqtt.durable_queue_type = quorum; queues are durable by themselves"}},
       .needs = Need::restart_command | Need::invasive,
       .limit = 180s,
       .run = restart_delivery},
      {.id = "resilience.kill_delivery",
       .title = "what was acknowledged arrives, over a kill",
       .reference = "practice",
       .meaning =
           "A broker that acknowledges before its disk has a message loses it with the power.",
       .settings = {{"mosquitto",
                     "autosave_interval 1 with autosave_on_changes true narrows the gap, and wears "
                     "the disk"}},
       .needs = Need::invasive,
       .limit = 180s,
       .run = kill_delivery},
      {.id = "resilience.restart_state",
       .title = "sessions and retained messages outlive a restart",
       .reference = "MQTT 5.0 section 4.1",
       .meaning = "Every device subscribes anew after a restart, and what waited for it is gone.",
       .settings = {{"mosquitto", "persistence true"}},
       .needs = Need::restart_command | Need::invasive,
       .limit = 180s,
       .run = restart_state},
      {.id = "resilience.restart_identity",
       .title = "after a restart the same pinned key is served",
       .reference = "RFC 7469 section 2.4",
       .meaning = "A broker that comes back with another key is refused by every device.",
       .settings = {{"", "a new certificate for the old key: keep the key file"}},
       .needs = Need::restart_command | Need::invasive,
       .limit = 180s,
       .run = restart_identity},
  };
  const auto nodes = node_checks();
  checks.insert(checks.end(), nodes.begin(), nodes.end());
  return checks;
}

}  // namespace holdfast::broker_test
