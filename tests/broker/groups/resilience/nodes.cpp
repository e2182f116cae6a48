// What two nodes of a broker know of each other, and what is left when one of them goes.

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "groups/resilience/parts.hpp"
#include "shell_command.hpp"
#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

using namespace std::chrono_literals;

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
  const Connect session = keeping_session(stage, "session");
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
  const Connect session = keeping_session(stage, "session");
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

}  // namespace

std::vector<Check> node_checks() {
  return {
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
