// What is kept when the broker goes away and comes back, and what a fleet that comes back meets.

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "catalogue.hpp"
#include "crowd.hpp"
#include "groups/economy/parts.hpp"
#include "shell_command.hpp"
#include "stage.hpp"
#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using namespace std::chrono_literals;

constexpr auto kComingBack = 60s;
constexpr std::uint8_t kFirstFailure = 0x80;
constexpr unsigned kBefore = 200;  // messages that are acknowledged before the broker goes

// --- Going and coming back -----------------------------------------------------------------------

// Tries again while nobody listens; 3.1.1 brokers also accept TCP before they let anybody in.
std::unique_ptr<MqttPeer> log_in_again(Stage& stage, const Connect& packet) {
  const Deadline deadline = stage.deadline().within(kComingBack);
  while (true) {
    try {
      auto peer = stage.open(packet.version);
      peer->connect(packet);
      return peer;
    } catch (const PeerError&) {
      if (deadline.over()) throw;
    }
    stop_if_interrupted();
  }
}

Connect keeping(Stage& stage, const std::string& name) {
  Connect connect = stage.login(name);
  connect.clean = false;
  if (stage.speaks_mqtt5()) connect.properties.number(Property::session_expiry, 600);
  stage.note_session(connect.client_id);
  return connect;
}

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
  Connect subscriber = keeping(stage, "subscriber");
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
  const Connect session = keeping(stage, "session");
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

// --- Two nodes -----------------------------------------------------------------------------------

std::unique_ptr<MqttPeer> log_in_at_second(Stage& stage, const Connect& packet, Connack& connack) {
  const auto& url = *stage.options().second_broker;
  TlsOffer offer = stage.tls_offer();
  offer.server_name = url.is_ip_literal ? "" : url.host;
  auto peer = std::make_unique<MqttPeer>(stage.open_tls(resolve(url.host, url.port).front(), offer),
                                         packet.version, stage.deadline(), stage.patience());
  connack = peer->connect(packet);
  return peer;
}

void second_broker_delivery(Stage& stage, Finding& finding) {
  Connack connack;
  const auto there = log_in_at_second(stage, stage.login("there"), connack);
  const std::string topic = stage.topic("across");
  there->subscribe(topic);
  const auto here = stage.log_in("here");
  here->publish({.topic = topic, .payload = "across", .qos = 1});
  const auto came = there->try_receive(stage.patience());
  if (finding.expect(came && came->payload == "across",
                     "what one node takes does not reach subscribers of the other")) {
    finding.pass("what one node takes reaches subscribers of the other");
  }
  here->disconnect();
  there->disconnect();
}

void second_broker_session(Stage& stage, Finding& finding) {
  const std::string topic = stage.topic("queued");
  const Connect session = keeping(stage, "session");
  {
    const auto peer = stage.log_in(session);
    peer->subscribe(topic);
    peer->disconnect();
    const auto publisher = stage.log_in("publisher");
    publisher->publish({.topic = topic, .payload = "queued", .qos = 1});
    publisher->disconnect();
  }
  Connack connack;
  const auto there = log_in_at_second(stage, session, connack);
  const auto queued = connack.session_present ? there->try_receive(2s) : std::nullopt;
  finding.figure("session_present", connack.session_present ? 1 : 0);
  finding.figure("queued_came", queued ? 1 : 0);
  if (connack.session_present && queued) {
    finding.pass("the session is known at the other node, with what waits for it");
  } else {
    finding.warn(connack.session_present
                     ? "what waits for a session is out of reach at the other node"
                     : "a session of one node is not known at the other");
  }
  there->disconnect();
}

// The operator's command in the background: what it does takes as long as it runs.
class Command {
 public:
  Command(const std::string& command, Deadline deadline)
      : thread_([this, command, deadline] { run(command, deadline); }) {}
  ~Command() { thread_.join(); }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  /// @return whether it is over
  bool wait(Clock::duration bound) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, bound, [this] { return over_; });
  }
  /// Waits for its end, which its own deadline bounds. @throws what it has thrown
  void finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_; });
    if (trouble_) std::rethrow_exception(trouble_);
  }

 private:
  void run(const std::string& command, Deadline deadline) {
    std::exception_ptr trouble;
    try {
      run_command(command, deadline);
    } catch (...) {
      trouble = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    trouble_ = trouble;
    over_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::exception_ptr trouble_;
  std::thread thread_;  // the last one: it uses the others
};

// How often the other node was tried until it did what it was asked to.
struct Attempts {
  unsigned count = 0;
  bool node_was_back = false;

  /// A broker may be at odds with itself for a moment; but not until somebody mends it.
  bool too_late() const { return count > 1 && node_was_back; }
};

// As a device does that is refused, or whose connection breaks.
template <class Action>
Attempts try_until_done(Stage& stage, Command& command, Action action) {
  constexpr auto kBetween = 200ms;
  const Deadline deadline = stage.deadline().within(kComingBack);
  Attempts attempts;
  while (true) {
    ++attempts.count;
    attempts.node_was_back = command.wait(0ms);
    try {
      action();
      return attempts;
    } catch (const PeerError&) {
      if (deadline.over()) throw;
    }
    stop_if_interrupted();
    command.wait(kBetween);
  }
}

// Whether the loss has broken this connection before the node was back.
bool lost(MqttPeer& device, Command& command) {
  while (!device.wait_end(100ms)) {
    if (command.wait(0ms)) return device.wait_end(100ms).has_value();
  }
  return true;
}

void judge_turn(Finding& finding, const Attempts& publishing, bool session_present, bool came) {
  if (publishing.count > 1) finding.warn("a client of the other node lost its connection as well");
  if (!session_present) {
    finding.warn("the session is lost with its node");
  } else if (!came) {
    finding.warn("what the other node acknowledged for the session was lost");
  } else {
    finding.pass("the other node has the session, and what was sent to it meanwhile");
  }
}

void node_loss(Stage& stage, Finding& finding) {
  if (stage.options().kill_command.empty()) {
    finding.not_applicable("give --kill-command for the node that --broker names");
    return;
  }
  const std::string topic = stage.topic("elsewhere");
  const Connect session = keeping(stage, "session");
  auto device = stage.log_in(session);
  device->subscribe(topic);
  Connack connack;
  auto publisher = log_in_at_second(stage, stage.login("publisher"), connack);
  const auto began = Clock::now();
  Command command(stage.options().kill_command, stage.deadline());
  if (!lost(*device, command)) {
    command.finish();
    finding.not_applicable("--kill-command left the connections to --broker standing");
    return;
  }
  const Attempts publishing = try_until_done(stage, command, [&] {
    if (!publisher) publisher = log_in_at_second(stage, stage.login("publisher"), connack);
    const auto peer = std::exchange(publisher, nullptr);  // which is of no use if it breaks
    if (peer->publish({.topic = topic, .payload = "meanwhile", .qos = 1}) >= kFirstFailure) {
      throw PeerError(Ending::login_refused, "the other node refused a message");
    }
  });
  const Attempts returning =
      try_until_done(stage, command, [&] { device = log_in_at_second(stage, session, connack); });
  const double away = std::chrono::duration<double>(Clock::now() - began).count();
  const bool came = connack.session_present && device->try_receive(stage.patience()).has_value();
  command.finish();
  finding.figure("let_in_after", away, "s");
  finding.figure("session_present", connack.session_present ? 1 : 0);
  finding.figure("message_came", came ? 1 : 0);
  if (finding.expect(!publishing.too_late(),
                     "the other node took a message only when the lost one "
                     "was back") &&
      finding.expect(!returning.too_late(),
                     "the other node let the device in only when the lost "
                     "one was back")) {
    judge_turn(finding, publishing, connack.session_present, came);
  }
  device->disconnect();
  log_in_again(stage, stage.login("probe"))->disconnect();
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
  return {
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
      {.id = "resilience.second_broker_delivery",
       .title = "what one node takes reaches subscribers of the other",
       .reference = "practice",
       .meaning = "Back ends see a part of the fleet only.",
       .settings = {{"mosquitto", "a bridge with topics in both directions; it forms no cluster"}},
       .needs = Need::second_broker,
       .run = second_broker_delivery},
      {.id = "resilience.second_broker_session",
       .title = "a session of one node is known at the other",
       .reference = "MQTT 5.0 section 4.1",
       .meaning =
           "A device that comes back to another node subscribes anew and misses what waited.",
       .settings =
           {{"", "route a client id to the same node always, or share sessions in the cluster"}},
       .needs = Need::second_broker,
       .run = second_broker_session},
      {.id = "resilience.node_loss",
       .title = "a device whose node is lost goes on at the other one, with its session",
       .reference = "practice",
       .meaning = "The loss of one node takes its part of the fleet off line, or its messages.",
       .settings = {{"RabbitMQ",
                     "mqtt.durable_queue_type = quorum: other queues are at one node alone"},
                    {"EMQX", "durable_sessions.enable = true, with several replicas"},
                    {"HiveMQ", "<replication><replica-count>2"}},
       .needs = Need::second_broker | Need::invasive,
       .limit = 180s,
       .run = node_loss},
  };
}

}  // namespace holdfast::broker_test
