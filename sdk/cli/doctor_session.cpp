#include "doctor_session.hpp"

#include <algorithm>
#include <utility>

#include <asio/post.hpp>

#include <holdfast/payload.hpp>

#include "connection.hpp"
#include "doctor_path.hpp"
#include "mqtt/paho_runtime.hpp"
#include "mqtt/publish_packet.hpp"
#include "mqtt/reason.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kLongestKeepAlive = 65'535s;
constexpr std::string_view kPayload = "holdfast doctor";
// Linux waits 40 ms with an acknowledgement of TCP, and a broker with Nagle's algorithm on waits
// for that before it sends a second small packet.
constexpr auto kDelayedAck = 38ms;
constexpr auto kDelayedAckMost = 100ms;
constexpr auto kSecondPacketMost = 2s;

// What a failure says, without the mend that follows it.
std::string cause_of(const Failure& failure) {
  return explain({}, failure, Where::handshake).what;
}

}  // namespace

Examination::Examination(const device::Settings& settings, const channel::BrokerUrl& broker,
                         Trust trust, Deadline deadline, Report& report)
    : settings_(settings),
      broker_(broker),
      trust_(trust),
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
  contact_.reset();
  await_runtime();  // its callback knows us
  io_.poll();       // the link lets go of its client in a turn of its own
}

bool Examination::run_until(const std::function<bool()>& done, Deadline deadline) {
  return cli::run_until(io_, done, deadline);
}

void Examination::await_runtime() {
  run_until([this] { return runtime_ready_; }, steady_clock::now() + limits::kPipeTimeout);
}

Deadline Examination::within(std::chrono::milliseconds time) const {
  return std::min(deadline_, steady_clock::now() + time);
}

channel::ChannelBill Examination::bill() const {
  if (link_) return link_->bill();
  return contact_ ? contact_->bill() : channel::ChannelBill();
}

// IP bytes that no step has told yet.
std::uint64_t Examination::take_bytes() {
  const std::uint64_t all = bill().wire.ip_bytes();
  return all - std::exchange(told_bytes_, all);
}

// With a step that has failed the connection ends, and what its end costs is part of the step.
std::uint64_t Examination::hang_up() {
  if (contact_) contact_->drop();
  if (link_ && granted_ && !closed_) {
    link_->close();
    run_until([this] { return closed_.has_value(); }, within(2 * limits::kCloseTimeout));
  }
  if (link_) link_->abort();  // where that took too long; either way the bill is final now
  return take_bytes();
}

void Examination::fail(Step step, const Failure& failure, Where where) {
  step.bytes = hang_up();
  cli::fail(report_, std::move(step), failure, where);
}

// --- TCP, TLS and the pin
// --------------------------------------------------------------------------

void Examination::connect(const channel::Endpoints& addresses) {
  await_tcp(addresses);
  if (settings_.reach.proxy) await_tunnel();
  await_verdict();
}

// A device tries the addresses in turn as well.
void Examination::await_tcp(const channel::Endpoints& addresses) {
  Step tcp{.name = "tcp", .time = Time(0), .bytes = 0};
  std::string in_vain;
  Failure why;
  for (const auto& address : addresses) {
    if (why) in_vain += (in_vain.empty() ? "" : "; ") + cause_of(why);
    contact_.emplace(io_, tls_, settings_, broker_, tickets_);
    contact_->open(endpoint_ = address);
    const bool stands = contact_->await_tcp(deadline_);
    round_trip_ = contact_->time();
    *tcp.time += round_trip_;
    if (stands) {
      told_bytes_ = contact_->bill().set_up_ip_bytes;
      *tcp.bytes += told_bytes_;
      tcp.what = (settings_.reach.proxy ? "the proxy " : "") + text_of(address) + " answers";
      report_tcp(std::move(tcp), in_vain);
      return;
    }
    *tcp.bytes += bill().wire.ip_bytes();
    why = *contact_->why();
  }
  tcp = explain(std::move(tcp), why, settings_.reach.proxy ? Where::proxy : Where::path);
  if (!in_vain.empty()) tcp.what += "; before it: " + in_vain;
  report_.add(std::move(tcp));
  throw StepFailed{exit_code(why.error)};
}

void Examination::report_tcp(Step tcp, const std::string& in_vain) {
  if (!in_vain.empty()) {
    tcp.finding = Finding::costs;
    tcp.what += "; tried before it: " + in_vain;
    tcp.mend =
        "devices try the addresses of a name in turn: take those that lead nowhere out of it, or "
        "have the broker listen there";
  }
  report_.add(std::move(tcp));
}

void Examination::await_tunnel() {
  const bool opened = contact_->await_tunnel(deadline_);
  Step step{.name = "proxy", .time = contact_->time()};
  if (!opened) fail(std::move(step), *contact_->why(), Where::proxy);
  step.what = "it has opened a tunnel to " + broker_.text();
  step.bytes = contact_->bill().tunnel_ip_bytes;
  told_bytes_ += *step.bytes;
  report_.add(std::move(step));
}

void Examination::await_verdict() {
  const bool verified = contact_->await_verdict(deadline_);
  const Time time = contact_->time();
  if (verified) {
    report_handshake(time);
    return;
  }
  const Failure& why = *contact_->why();
  const bool is_identity = why.error == Condition::identity_refused;
  if (is_identity && contact_->channel().refused_pin()) {
    report_refused_key(why, time);
    return;
  }
  fail({.name = is_identity ? "certificate" : "tls", .time = time}, why, Where::handshake);
}

void Examination::report_handshake(Time time) {
  const auto bill = contact_->bill();
  full_.tls_bytes = bill.handshake_bytes;  // our Finished waits for company, and has not gone yet
  report_.add({.name = "tls",
               .what = "TLS 1.3, a full handshake of " + std::to_string(full_.tls_bytes) +
                       " TLS bytes (" + std::to_string(bill.handshake_bytes_up) + " up, " +
                       std::to_string(bill.handshake_bytes_down) + " down)",
               .time = time,
               .bytes = take_bytes(),
               .facts = {{"tls_bytes_up", bill.handshake_bytes_up},
                         {"tls_bytes_down", bill.handshake_bytes_down}}});
  seen_pin_ = contact_->channel().vouching().pin.text();
  report_.set_pin(seen_pin_);
  report_.add({.name = "pin",
               .what = seen_pin_ + " is the broker's, and pinned",
               .facts = {{"pin", seen_pin_}}});
}

void Examination::report_refused_key(const Failure& failure, Time time) {
  seen_pin_ = contact_->channel().refused_pin()->text();
  report_.set_pin(seen_pin_);
  if (trust_ == Trust::nobody) {
    report_.add({.name = "tls",
                 .what = "TLS 1.3; it was ended when the key was seen, for nobody vouches for it",
                 .time = time,
                 .bytes = take_bytes()});
    return;
  }
  Step step =
      explain({.name = "pin", .time = time, .bytes = take_bytes(), .facts = {{"pin", seen_pin_}}},
              failure, Where::handshake);
  std::string pinned;
  for (const pinning::Pin& pin : settings_.built_in.pins) {
    pinned += (pinned.empty() ? "" : ", ") + pin.text();
  }
  step.what = "the broker showed the key " + seen_pin_ + ", and pinned are " + pinned;
  step.mend =
      "is that your broker? Run holdfast pin --key broker.key on its host. If it prints the pin "
      "that was seen, the key was replaced: bring the new pin to the devices "
      "(docs/guides/rotation.md). If it does not, somebody else answers at this address";
  report_.add(std::move(step));
  throw StepFailed{kIdentityRefused};
}

// --- Tickets
// ---------------------------------------------------------------------------------------

void Examination::await_tickets() {
  if (!contact_->await_tickets(deadline_)) {
    // TLS 1.3 refuses a client certificate only after the client's own handshake has finished.
    fail({.name = "login"}, *contact_->why(), Where::login);
  }
  full_ = set_up_cost(contact_->bill());
  Step step = describe_tickets(full_.ticket_bytes, tickets_.has_one(), tickets_.lifetime());
  step.bytes = take_bytes();
  report_.add(std::move(step));
}

void Examination::resume() {
  // What came with the last bytes is taken in a turn of its own.
  run_until([this] { return tickets_.has_one(); }, within(2 * channel::Channel::kTicketWait));
  if (!tickets_.has_one()) {
    report_.add(describe_no_ticket(full_));
    return;
  }
  Contact second(io_, tls_, settings_, broker_, tickets_);
  second.open(endpoint_);
  const bool stands = second.await_tcp(deadline_);
  Time time = second.time();
  const bool verified = stands && second.await_verdict(deadline_);
  if (stands) time += second.time();
  const bool lasts = verified && second.await_tickets(deadline_);
  const SetUpCost cost = set_up_cost(second.bill());
  second.close();
  Step step = lasts ? describe_second(full_, cost, second.bill().resumed)
                    : describe_lost_second(full_, *second.why());
  step.time = time;
  step.bytes = second.bill().wire.ip_bytes();
  if (lasts || second.why()->error != Condition::identity_refused) {
    report_.add(std::move(step));
    return;
  }
  // That is no matter of bytes.
  step.finding = Finding::failed;
  *step.bytes += hang_up();
  report_.add(std::move(step));
  throw StepFailed{kIdentityRefused};
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
  // Nothing of it stays with the broker: no session, no will.
  link_ = std::make_shared<device::PahoLink>(io_.get_executor(), contact_->release(),
                                             mqtt_engine::Login{.client_id = options.client_id,
                                                                .version = options.mqtt_version,
                                                                .username = options.username,
                                                                .password = options.password},
                                             link_events());
  contact_.reset();
  const auto begin = steady_clock::now();
  link_->start();
  run_until([this] { return granted_ || closed_; }, within(limits::kConnackTimeout));
  const bool is_5 = options.mqtt_version == MqttVersion::v5;
  Step step{.name = "login", .time = steady_clock::now() - begin};
  if (closed_ && !*closed_) closed_ = Failure(Errc::connection_lost, "the broker hung up");
  if (!granted_) {
    fail(std::move(step),
         closed_.value_or(Failure(Errc::timed_out, "the broker does not answer CONNECT")),
         Where::login);
  }
  step.bytes = take_bytes();
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
    fail(std::move(step), why, Where::publish);
  }
  const auto begin = steady_clock::now();
  link_->publish(1, Qos::at_least_once,
                 mqtt_engine::encode_publish(message, version, 1, mqtt_engine::Resent::no),
                 message.payload.size());
  packets_heard_ = 0;
  link_->ping();  // with the message in one record: two small packets come back, see judge_delay
  run_until([this] { return answer_ || closed_; }, within(limits::kAckTimeout));
  answered_at_ = steady_clock::now();
  step.time = answered_at_ - begin;
  if (!answer_) {
    fail(std::move(step),
         closed_ && *closed_
             ? *closed_
             : Failure(Errc::timed_out, "the broker does not acknowledge a message on " + topic),
         Where::publish);
  }
  if (answer_->code >= 0x80) {
    fail(std::move(step),
         mqtt_engine::explain_reason(answer_->code, "the broker refused a message on " + topic),
         Where::publish);
  }
  step.bytes = take_bytes();
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
  Step step{.name = "delay", .time = std::max(heard_at_ - answered_at_, Time(0))};
  // Nothing where both came in one segment.
  if (const std::uint64_t bytes = take_bytes(); bytes > 0) step.bytes = bytes;
  // Longer apart than that is a slow link.
  const bool is_late = *step.time >= kDelayedAck && *step.time <= 2 * round_trip_ + kDelayedAckMost;
  if (is_late) {
    step.finding = Finding::costs;
    step.what =
        "of two small packets the broker sends the second one late: it waits for TCP's "
        "acknowledgement of the first (Nagle's algorithm)";
    step.mend = "switch TCP_NODELAY on at the broker (mosquitto: set_tcp_nodelay true)";
  } else {
    step.what = "the answer to a ping that was sent with the message came right behind";
  }
  report_.add(std::move(step));
}

void Examination::close() {
  const auto begin = steady_clock::now();
  const std::uint64_t bytes = hang_up();
  report_.add({.name = "close",
               .what = "DISCONNECT, and the end of TLS and TCP",
               .time = steady_clock::now() - begin,
               .bytes = bytes});
}

}  // namespace holdfast::cli
