#include "doctor_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <asio/post.hpp>

#include <holdfast/payload.hpp>

#include "doctor_step.hpp"
#include "mqtt/paho_runtime.hpp"
#include "mqtt/publish_packet.hpp"
#include "mqtt/reason.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// Tickets come by themselves after the handshake; so long after the last byte nothing more does.
constexpr auto kQuiet = 200ms;
constexpr auto kTicketsMost = 2s;
constexpr auto kLongestKeepAlive = 65'535s;
constexpr std::string_view kPayload = "holdfast doctor";
// Linux waits 40 ms with an acknowledgement of TCP, and a broker with Nagle's algorithm on waits
// for that before it sends a second small packet.
constexpr auto kDelayedAck = 38ms;
constexpr auto kDelayedAckMost = 100ms;
constexpr auto kSecondPacketMost = 2s;

std::uint64_t ip_bytes_of(const channel::ChannelBill& bill) {
  return bill.wire.ip_bytes();
}

std::shared_ptr<const pinning::TrustedKeys> keys_of(const device::Settings& settings) {
  return std::make_shared<const pinning::TrustedKeys>(settings.built_in.version,
                                                      settings.built_in.pins);
}

}  // namespace

Examination::Examination(const device::Settings& settings, const asio::ip::tcp::endpoint& endpoint,
                         Deadline deadline, Report& report)
    : settings_(settings),
      endpoint_(endpoint),
      deadline_(deadline),
      report_(report),
      work_(io_.get_executor()),
      tls_(settings.tls) {
  // It stands by the time it is needed.
  mqtt_engine::PahoRuntime::instance().when_ready(
      [this] { asio::post(io_, [this] { runtime_ready_ = true; }); });
}

Examination::~Examination() {
  if (link_) link_->abort();
  if (channel_) channel_->drop();
  await_runtime();  // its callback knows us
  io_.poll();       // the link lets go of its client in a turn of its own
}

template <class Done>
bool Examination::run_until(Done done, Deadline deadline) {
  while (!done()) {
    if (io_.run_one_until(deadline) == 0) return done();
  }
  return true;
}

void Examination::await_runtime() {
  run_until([this] { return runtime_ready_; }, steady_clock::now() + limits::kPipeTimeout);
}

Deadline Examination::within(std::chrono::milliseconds time) const {
  return std::min(deadline_, steady_clock::now() + time);
}

channel::ChannelBill Examination::bill() const {
  if (link_) return link_->bill();
  return channel_ ? channel_->bill() : channel::ChannelBill();
}

std::uint64_t Examination::ip_bytes() const {
  return ip_bytes_of(bill());
}

// --- TCP, TLS and the pin
// --------------------------------------------------------------------------

void Examination::connect() {
  channel_ = std::make_shared<channel::Channel>(io_.get_executor(), tls_, settings_.broker.host,
                                                keys_of(settings_), settings_.options.timeouts);
  Step tcp{.name = "tcp"};
  const auto begin = steady_clock::now();
  channel_->open(endpoint_, {.opened =
                                 [this] {
                                   opened_ = true;
                                   channel_->pause_reading(true);
                                   channel_->set_events({});
                                 },
                             .data = nullptr,
                             .writable = nullptr,
                             .closed = [this](Failure why) { closed_ = std::move(why); }});
  run_until([this] { return closed_ || channel_->bill().connected; }, deadline_);
  tcp.time = round_trip_ = steady_clock::now() - begin;
  if (!channel_->bill().connected) {
    fail(report_, std::move(tcp),
         closed_.value_or(Failure(Errc::timed_out, channel_->address() + " does not answer")),
         Where::path);
  }
  tcp.what = channel_->address() + " answers";
  report_.add(std::move(tcp));
  await_verdict();
}

void Examination::await_verdict() {
  const auto begin = steady_clock::now();
  const bool ended = run_until([this] { return closed_ || opened_; }, deadline_);
  const Time time = steady_clock::now() - begin;
  if (!ended) {
    closed_ = Failure(Errc::timed_out, "no TLS handshake with " + channel_->address());
  }
  if (opened_) {
    report_handshake(time);
    return;
  }
  if (closed_->error == Condition::identity_refused && channel_->refused_pin()) {
    report_refused_key(*closed_);
  }
  const bool is_identity = closed_->error == Condition::identity_refused;
  fail(report_, {.name = is_identity ? "certificate" : "tls", .time = time, .bytes = ip_bytes()},
       *closed_, Where::handshake);
}

void Examination::report_handshake(Time time) {
  const auto bill = channel_->bill();
  handshake_bytes_ = bill.handshake_bytes;  // our Finished waits for CONNECT, and has not gone yet
  report_.add({.name = "tls",
               .what = "TLS 1.3, a full handshake of " + std::to_string(handshake_bytes_) +
                       " TLS bytes (" + std::to_string(bill.handshake_bytes_up) + " up, " +
                       std::to_string(bill.handshake_bytes_down) + " down)",
               .time = time,
               .bytes = ip_bytes_of(bill),
               .facts = {{"tls_bytes_up", bill.handshake_bytes_up},
                         {"tls_bytes_down", bill.handshake_bytes_down}}});
  const std::string pin = channel_->vouching().pin.text();
  report_.set_pin(pin);
  report_.add(
      {.name = "pin", .what = pin + " is the broker's, and pinned", .facts = {{"pin", pin}}});
}

void Examination::report_refused_key(const Failure& failure) {
  const std::string seen = channel_->refused_pin()->text();
  report_.set_pin(seen);
  Step step = explain({.name = "pin", .bytes = ip_bytes(), .facts = {{"pin", seen}}}, failure,
                      Where::handshake);
  std::string pinned;
  for (const pinning::Pin& pin : settings_.built_in.pins) {
    pinned += (pinned.empty() ? "" : ", ") + pin.text();
  }
  step.what = "the broker showed the key " + seen + ", and pinned are " + pinned;
  step.mend =
      "is that your broker? Run holdfast pin --key broker.key on its host. If it prints the pin "
      "that "
      "was seen, the key was replaced: bring the new pin to the devices (docs/guides/rotation.md). "
      "If it does not, somebody else answers at this address";
  report_.add(std::move(step));
  throw StepFailed{kIdentityRefused};
}

// --- Tickets
// ---------------------------------------------------------------------------------------

void Examination::await_tickets() {
  Step step{.name = "tickets"};
  closed_.reset();
  channel_->set_events(
      {.opened = nullptr, .data = nullptr, .writable = nullptr, .closed = [this](Failure why) {
         closed_ = std::move(why);
       }});
  channel_->pause_reading(false);
  const auto begin = steady_clock::now();
  std::uint64_t bytes = 0;
  auto quiet_from = begin;
  while (!closed_ && steady_clock::now() < std::min(deadline_, begin + kTicketsMost)) {
    const std::uint64_t so_far =
        channel_->bill().tls_bytes_up + channel_->bill().tls_bytes_down - handshake_bytes_;
    if (so_far != bytes) {
      bytes = so_far;
      quiet_from = steady_clock::now();
    }
    const auto quiet_until = quiet_from + std::max<Time>(kQuiet, 2 * round_trip_);
    if (steady_clock::now() >= quiet_until) break;
    io_.run_one_until(std::min(deadline_, quiet_until));
  }
  if (closed_) {
    if (!*closed_) {
      closed_ = Failure(Errc::connection_lost, "the broker closed after the handshake");
    }
    // TLS 1.3 refuses a client certificate only after the client's own handshake has finished.
    fail(report_, {.name = "login", .bytes = ip_bytes()}, *closed_, Where::login);
  }
  channel_->pause_reading(true);
  channel_->set_events({});
  step.facts["tls_bytes"] = bytes;
  step.what = bytes == 0 ? "the broker gives no tickets: each connection is a full handshake"
                         : "tickets of " + std::to_string(bytes) +
                               " TLS bytes came after the handshake, for later connections";
  report_.add(std::move(step));
}

// --- MQTT
// ------------------------------------------------------------------------------------------

device::LinkEvents Examination::link_events() {
  return {
      .logged_in = [this](const mqtt_engine::Granted& granted) { granted_ = granted; },
      .ended = [this](Failure why) { closed_ = std::move(why); },
      .answered = [this](const mqtt_engine::Acknowledgement& answer) { answer_ = answer; },
      .referred = [](const std::string&) {},
      .sent_at_most_once = [](MessageId) {},
      .subscribed = [](std::uint64_t, int) {},
      .arrived = [](const Message&) {},
      .sent = [] {},
      .received =
          [this] {
            ++packets_heard_;
            heard_at_ = steady_clock::now();
          },
      .room = [] {},
      .intruder = [](const std::string&) {},
  };
}

void Examination::log_in() {
  await_runtime();
  const Options& options = settings_.options;
  const std::uint64_t before = ip_bytes();
  // Nothing of it stays with the broker: no session, no will.
  link_ = std::make_shared<device::Link>(io_.get_executor(), std::exchange(channel_, nullptr),
                                         mqtt_engine::Login{.client_id = options.client_id,
                                                            .version = options.mqtt_version,
                                                            .username = options.username,
                                                            .password = options.password},
                                         link_events());
  const auto begin = steady_clock::now();
  link_->start();
  run_until([this] { return granted_ || closed_; }, within(limits::kConnackTimeout));
  const bool is_5 = options.mqtt_version == MqttVersion::v5;
  Step step{.name = "login", .time = steady_clock::now() - begin, .bytes = ip_bytes() - before};
  if (closed_ && !*closed_) closed_ = Failure(Errc::connection_lost, "the broker hung up");
  if (!granted_) {
    fail(report_, std::move(step),
         closed_.value_or(Failure(Errc::timed_out, "the broker does not answer CONNECT")),
         Where::login);
  }
  step.what = std::string("MQTT ") + (is_5 ? "5" : "3.1.1") + " as " + options.client_id +
              (options.username.empty() ? ", without a user name" : ", user " + options.username);
  step.facts["client_id"] = options.client_id;
  step.facts["receive_maximum"] = granted_->receive_maximum;
  if (granted_->server_keep_alive) {
    step.facts["server_keep_alive_s"] = granted_->server_keep_alive->count();
  }
  // The longest that there is means that the broker does not care.
  if (granted_->server_keep_alive.value_or(kLongestKeepAlive) < kLongestKeepAlive) {
    step.what += "; the broker wants to hear from its clients every " +
                 std::to_string(granted_->server_keep_alive->count()) + " s";
  }
  report_.add(std::move(step));
}

void Examination::publish(const std::string& topic) {
  const MqttVersion version = settings_.options.mqtt_version;
  const mqtt_engine::Publication message{.id = 1,
                                         .topic = topic,
                                         .payload = as_payload(kPayload),
                                         .qos = Qos::at_least_once,
                                         .retain = Retain::no,
                                         .expiry = std::nullopt};
  Step step{.name = "publish", .facts = {{"topic", topic}}};
  if (const Failure why = mqtt_engine::why_broker_would_refuse(message, version, *granted_)) {
    fail(report_, std::move(step), why, Where::publish);
  }
  const std::uint64_t before = ip_bytes();
  const auto begin = steady_clock::now();
  link_->publish(1, Qos::at_least_once,
                 mqtt_engine::encode_publish(message, version, 1, mqtt_engine::Resent::no),
                 message.payload.size());
  packets_heard_ = 0;
  link_->ping();  // with the message in one record: two small packets come back, see judge_delay
  run_until([this] { return answer_ || closed_; }, within(limits::kAckTimeout));
  answered_at_ = steady_clock::now();
  step.time = answered_at_ - begin;
  step.bytes = ip_bytes() - before;
  if (!answer_) {
    fail(report_, std::move(step),
         closed_ && *closed_
             ? *closed_
             : Failure(Errc::timed_out, "the broker does not acknowledge a message on " + topic),
         Where::publish);
  }
  if (answer_->code >= 0x80) {
    fail(report_, std::move(step),
         mqtt_engine::explain_reason(answer_->code, "the broker refused a message on " + topic),
         Where::publish);
  }
  step.what = std::to_string(kPayload.size()) + " bytes on " + topic +
              " at QoS 1 are acknowledged" +
              (version == MqttVersion::v3_1_1
                   ? "; MQTT 3.1.1 says so of a message that is not authorised, too"
                   : "");
  report_.add(std::move(step));
}

void Examination::judge_delay() {
  const bool came =
      run_until([this] { return packets_heard_ >= 2 || closed_; }, within(kSecondPacketMost));
  if (!came || closed_) return;
  const Time apart = heard_at_ - answered_at_;
  // Longer apart than that is a slow link.
  if (apart < kDelayedAck || apart > 2 * round_trip_ + kDelayedAckMost) return;
  report_.add({.name = "delay",
               .finding = Finding::costs,
               .what = "of two small packets the broker sends the second one late: it waits for "
                       "TCP's acknowledgement of the first (Nagle's algorithm)",
               .mend = "switch TCP_NODELAY on at the broker (mosquitto: set_tcp_nodelay true)",
               .time = apart});
}

void Examination::close() {
  link_->close();
  run_until([this] { return closed_.has_value(); }, within(3 * limits::kCloseTimeout));
}

}  // namespace holdfast::cli
