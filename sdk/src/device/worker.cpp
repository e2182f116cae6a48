#include "device/worker.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <asio/post.hpp>

#include "device/message_bytes.hpp"
#include "mqtt/reason.hpp"

namespace holdfast::device {
namespace {

// The recovery broker is judged by its own pins alone: it has to be reached when all else is in
// disorder.
channel::TlsPolicy recovery_policy(const Settings& settings) {
  channel::TlsPolicy policy;
  policy.identity = settings.tls.identity;
  return policy;
}

session::Config session_config(const Options& options) {
  return {.backoff = options.backoff,
          .timeouts = options.timeouts,
          .reachable_within = options.reachable_within,
          .hold = options.hold,
          .brokers = static_cast<unsigned>(1 + options.fallback_brokers.size())};
}

}  // namespace

// Lets a thread that is not ours post to the worker while there is one.
class Worker::Gate {
 public:
  template <class Function>
  void pass(Function&& function) {
    const std::lock_guard lock(mutex_);
    if (open_) function();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }

 private:
  std::mutex mutex_;
  bool open_ = true;
};

Worker::Worker(asio::io_context& io, const Settings& settings, Shared& shared, StateKeepers& states,
               session::Random random, std::function<void(bool)> finished)
    : io_(io),
      settings_(settings),
      shared_(shared),
      states_(states),
      environment_(shared.environment),
      finished_(std::move(finished)),
      session_(session_config(settings.options), random),
      random_(std::move(random)),
      time_([this] { return environment_.wall_ms(); }),
      trust_(settings, shared, time_),
      budget_(settings, shared, time_),
      sessions_(settings, shared),
      tickets_(settings, shared, [this] { return moment(); }),
      addresses_(settings, shared, [this] { return moment(); }),
      traces_(settings.options.client_id, system_time_ns),
      ledger_(settings, shared, time_),
      presence_(settings, shared, trust_, time_, [this] { notify(); }),
      paths_(environment_, io.get_executor(), settings, path_events()),
      lines_(settings, shared),
      timer_(io),
      gate_(std::make_shared<Gate>()),
      sender_(settings.options.mqtt_version, shared),
      state_since_(environment_.now()) {
  paths_.use_tickets(tickets_);  // not with the recovery broker, which is seen once
  paths_.use_addresses(addresses_);
  if (settings.recovery) {
    recovery_dialler_ = environment_.dialler(io.get_executor(), settings, settings.recovery->broker,
                                             recovery_policy(settings), dialler_events());
  }
}

BrokerPaths::Events Worker::path_events() {
  return {.dialler = dialler_events(), .trying = [this](const channel::BrokerUrl& broker) {
            const auto& proxy = settings_.reach.proxy;
            shared_.emit(EventKind::connecting, {},
                         "connecting to " + broker.text() +
                             (proxy ? " through the proxy " + proxy->server.text() : ""));
          }};
}

Dialler::Events Worker::dialler_events() {
  return {
      .bill = [this](const channel::ChannelBill& bill) { ledger_.add_attempt(bill, now()); },
      .looked_up = [this](const Account& cost) { ledger_.add_lookup(cost, now()); },
      .refused_key =
          [this](const pinning::Pin& seen) {
            // That the recovery broker has another key says nothing about the set.
            // So does that of a broker that was only named.
            if (with_ == With::broker) trust_.refused(seen, now());
          },
      .warning =
          [this](std::string text) { shared_.emit(EventKind::warning, {}, std::move(text)); },
  };
}

Worker::~Worker() {
  gate_->close();
  cancel_dial();
  drop_link();
}

void Worker::start() {
  environment_.when_ready([this, gate = gate_] {
    gate->pass([this] {
      asio::post(io_, [this] {
        if (over_) return;
        trust_.begin(now());
        watch_network();
        session_.restore(lines_.load());
        sessions_.begin();
        ledger_.begin();
        tell_the_time();
        tickets_.begin();
        addresses_.begin();
        update_load();
        session_.start(now());
        act();
      });
    });
  });
}

void Worker::stop(Instant deadline) {
  shared_.outbox.release_all(true);
  update_load();
  // A visit carries no messages that could be waited for.
  session_.stop(now(), with_ == With::recovery ? now() : deadline);
  act();
  look();
}

void Worker::force_stop() {
  if (over_) return;
  carry_out(session::Abort{Failure(Errc::timed_out, "the stop took too long")});
  carry_out(session::Finished{false});
}

void Worker::notify() {
  if (notified_.exchange(true)) return;
  asio::post(io_, [this] {
    notified_ = false;
    look();
  });
}

// --- The session's actions -----------------------------------------------------------------------

void Worker::act() {
  if (acting_) return;  // an action with consequences at once: the loop below sees them
  acting_ = true;
  std::optional<Instant> next;
  while (!over_) {
    next = session_.tick(now());
    const auto actions = session_.take_actions();
    if (actions.empty()) break;
    for (const session::Action& action : actions) {
      std::visit([this](const auto& what) { carry_out(what); }, action);
    }
  }
  acting_ = false;
  if (session_.state() != state_) {
    state_ = session_.state();
    state_since_ = now();
  }
  if (!over_) arm_timer(next);
}

void Worker::carry_out(const session::Login& login) {
  address_ = dialled_->address();
  vouching_pin_ = dialled_->vouching().pin.text();
  presence_.vouched_by(dialled_->vouching().pin);
  link_ = std::exchange(dialled_, nullptr)->log_in(login_for(login), link_events());
}

void Worker::carry_out(session::Ping) {
  if (link_) link_->ping();
}

void Worker::carry_out(const session::Probe& probe) {
  if (link_) link_->probe_after(probe.after);
}

void Worker::carry_out(const session::Abort& abort) {
  const bool was_up = up_;
  cancel_dial();
  drop_link();
  shared_.emit(was_up ? EventKind::disconnected : EventKind::connect_failed, abort.reason);
}

void Worker::carry_out(const session::Wait& wait) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(wait.time);
  shared_.emit(EventKind::waiting, {},
               "attempt " + std::to_string(session_.attempts() + 1) + " in " +
                   std::to_string(time.count()) + " ms");
}

void Worker::carry_out(const session::Rest& rest) {
  const std::string until =
      rest.time
          ? std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*rest.time).count()) +
                " s"
          : "there is a message";
  shared_.emit(EventKind::resting, {},
               "hung up until " + until + ": holding the line would cost " +
                   std::to_string(rest.held_bytes) + " bytes, coming back costs " +
                   std::to_string(rest.away_bytes));
}

void Worker::carry_out(const session::Referred& referred) {
  shared_.emit(EventKind::referred, {},
               "the broker sends this device to " + referred.to +
                   ", which is dialled now; it has to prove a pinned key as well");
}

void Worker::carry_out(session::Duplicate duplicate) {
  shared_.emit(EventKind::duplicate_client_id, Errc::session_taken_over,
               "client_id \"" + settings_.options.client_id + "\" " +
                   (duplicate.suspected
                        ? "seems to be in use by another client as well: the broker has closed "
                          "connection after connection soon after the login; its log tells"
                        : "is in use by another client as well") +
                   "; give each device a client_id of its own");
}

void Worker::carry_out(const session::Finished& finished) {
  if (over_) return;
  lines_.keep(session_.idle_records().rows(), LineKeeper::When::last, now());
  over_ = true;
  gate_->close();
  timer_.cancel();
  network_watch_.reset();
  cancel_dial();
  drop_link();
  budget_.finish(ledger_.ip_bytes(), now());
  ledger_.close(now());
  finished_(finished.clean);
}

// --- What the link tells -------------------------------------------------------------------------

std::string Worker::traced_name() const {
  return (with_ == With::recovery ? settings_.recovery->broker.text() : broker_name()) + " at " +
         address_;
}

LinkEvents Worker::link_events() {
  return {
      .logged_in = [this](const mqtt_engine::Granted& granted) { logged_in(granted); },
      .ended = [this](const Failure& failure) { ended(failure); },
      .answered =
          [this](const mqtt_engine::Acknowledgement& answer) {
            sender_.answered(answer, now());
            notify();
          },
      .referred = [this](std::string reference) { referred(std::move(reference)); },
      .sent_at_most_once = [this](MessageId id) { sender_.sent_at_most_once(id); },
      .subscribed = [this](std::uint64_t id, int code) { subscribed(id, code); },
      .arrived = [this](const Message& message) { arrived(message); },
      .sent = [this] { session_.sent(now()); },
      .received =
          [this] {
            session_.received(now());
            if (with_ != With::recovery) presence_.heard();
          },
      .room = [this] { notify(); },
      .intruder =
          [this](std::string detail) {
            ++shared_.counters.intruders;
            shared_.emit(EventKind::intruder, {}, std::move(detail));
          },
      .tap = settings_.options.allow_trace
                 ? traces_.tap(settings_.options.mqtt_version, traced_name())
                 : nullptr,
  };
}

void Worker::logged_in(const mqtt_engine::Granted& granted) {
  up_ = true;
  network_news_ = false;
  shared_.emit(EventKind::connected, {},
               "connected to " + address_ + ", vouched for by " + vouching_pin_ +
                   (tls_resumed_ ? " in an earlier handshake (TLS resumed)" : "") +
                   (granted.session_present ? ", session resumed" : ", new session"));
  session_.logged_in(now(), {.session_present = granted.session_present,
                             .server_keep_alive = granted.server_keep_alive,
                             .setup_ip_bytes = link_->bill().wire.ip_bytes()});
  if (with_ == With::recovery) {
    visit_ends_ = now() + limits::kRecoveryVisit;
    subscribe_to_pin_sets(false);
    act();
    return;
  }
  sessions_.logged_in(broker_name());
  tell_the_time();  // a system is often synchronised about now
  report_pins();
  // A set came while this connection was being made. Only a full handshake proves it.
  if (tls_resumed_ && !trust_.proven()) prove_at_ = now();
  sender_.begin(*link_, granted, now());
  if (with_ == With::broker) paths_.logged_in(now());
  // Once in a process even if the broker has the session: the filters may be others than the last
  // time, and another broker may not have heard of the newest. Retain Handling 1 spares a second
  // copy of every retained message then.
  const bool own = with_ == With::broker;
  const bool all = !granted.session_present || !own || subscribed_at_ != paths_.current();
  if (all) subscribe_to_pin_sets(granted.session_present);
  subscribe(all, granted.session_present);
  presence_.logged_in(all, now());
  states_.logged_in(granted.session_present, !own || subscribed_at_ != paths_.current(), now());
  if (own) {
    subscribed_at_ = paths_.current();
  } else {
    subscribed_at_.reset();
  }
  look();
  act();
}

void Worker::ended(const Failure& failure) {
  const bool was_up = up_;
  // It proved its key and does not let us in: another broker may.
  if (link_ && !was_up && with_ == With::broker) paths_.let_down();
  const bool by_broker = failure.error == Errc::connection_lost ||
                         failure.error == Errc::payload_too_large ||
                         failure.error == Errc::protocol_error;
  if (was_up && by_broker) sender_.ended_by_broker(now());
  drop_link();
  if (failure) {
    shared_.emit(was_up ? EventKind::disconnected : EventKind::connect_failed, failure);
  }
  update_load();
  session_.ended(now(), failure, std::exchange(reference_, {}));
  lines_.keep(session_.idle_records().rows(), LineKeeper::When::now_and_then, now());
  // The attempt may have failed for want of what has appeared since it began.
  if (std::exchange(network_news_, false)) session_.network_changed(now());
  act();
}

void Worker::subscribed(std::uint64_t id, int code) {
  if (id == kPinSetSubscription) {
    pin_sets_subscribed(code);
    return;
  }
  shared_.subscriptions.answered(id);
  const std::string filter = shared_.subscriptions.filter_of(id);
  if (code < 0x80) {
    shared_.emit(EventKind::subscribed, {}, filter);
  } else {
    const Failure why =
        mqtt_engine::explain_reason(code, "the broker refused the filter " + filter);
    shared_.emit(EventKind::subscription_refused, why.error, why.detail);
  }
}

void Worker::arrived(const Message& message) {
  const std::string& pin_sets = settings_.options.pin_updates.topic;
  const bool is_pin_set = !pin_sets.empty() && message.topic == pin_sets;
  if (is_pin_set) take_pin_set(message);
  if (with_ == With::recovery) return;  // it has no say in anything else
  auto handlers = shared_.subscriptions.match(message.topic);
  if (handlers.empty() && is_pin_set) return;
  if (handlers.empty()) {
    ++shared_.counters.unhandled;
    shared_.emit(EventKind::message_unhandled, {},
                 "a message of " + std::to_string(message.payload.size()) + " bytes on \"" +
                     message.topic + "\" matches no handler");
    return;
  }
  for (auto& handler : handlers) {
    const std::size_t bytes = bytes_of(message);
    const bool taken = shared_.dispatcher.post_message(
        bytes,
        [handler = std::move(handler), copy = message]() mutable { (*handler)(std::move(copy)); });
    if (taken) {
      ++shared_.counters.received;
    } else {
      ++shared_.counters.inbound_dropped;
      shared_.emit(EventKind::inbound_overflow, Errc::inbound_overflow,
                   "a message on \"" + message.topic +
                       "\" was dropped: the handlers are slower than "
                       "what arrives");
    }
  }
}

// --- The network ---------------------------------------------------------------------------------

void Worker::watch_network() {
  Failure failure;
  network_watch_ = environment_.watch_network(
      io_.get_executor(), [this](channel::NetworkChanges::Seen seen) { network_changed(seen); },
      failure);
  if (failure) shared_.emit(EventKind::warning, failure);
}

void Worker::network_changed(channel::NetworkChanges::Seen seen) {
  if (over_) return;
  if (seen.went && link_ && link_->lost_its_address()) {
    ended({Errc::unreachable,
           "the address that the connection to " + address_ + " came from is gone"});
  }
  if (seen.appeared) {
    network_news_ = session_.state() == State::connecting;
    session_.network_changed(now());
  }
  act();
}

// --- Work ----------------------------------------------------------------

void Worker::look() {
  if (over_) return;
  look_at_deadlines();
  look_at_ledger();
  look_at_budget();
  sender_.expire(now());
  shared_.calls.expire(now());
  if (session_.is_up() && link_ && with_ != With::recovery && !budget_.stops()) {
    subscribe(false, false);
    look_at_presence();
    states_.look(now());
    sender_.pump(now());
  }
  update_load();
  act();
}

void Worker::look_at_ledger() {
  if (link_ && ledger_.is_due(now())) {
    ledger_.note_connection(link_->bill(), link_->carried(), now());
  }
  ledger_.tick(now());
}

void Worker::subscribe(bool all, bool session_present) {
  for (const auto& wanted : shared_.subscriptions.wanted(all)) {
    const bool only_new = session_present && wanted.fetch == Subscriptions::Fetch::if_new;
    const auto retain =
        only_new ? mqtt_engine::RetainHandling::send_if_new : mqtt_engine::RetainHandling::send;
    if (const Failure failure = link_->subscribe(wanted.id, wanted.filter, wanted.qos, retain)) {
      shared_.emit(EventKind::subscription_refused, failure);
    }
  }
}

void Worker::drop_link() {
  if (dialled_) {
    dialled_->drop();
    ledger_.add_attempt(dialled_->bill(), now());
    dialled_.reset();
  }
  proven_pins_.clear();
  tls_resumed_ = false;
  if (!link_) return;
  link_->abort();
  ledger_.end_connection(link_->bill(), link_->carried(), now());
  link_.reset();
  if (up_ && with_ != With::recovery) states_.left(now());
  up_ = false;
  presence_.left();
  sender_.end();
  shared_.subscriptions.forget_unanswered();
}

// --- Time ---------------------------------------------------------------------------------------

bool Worker::wants_to_be_reached() const {
  const Options& options = settings_.options;
  return options.will || options.presence || !shared_.subscriptions.empty();
}

void Worker::update_load() {
  session::Load load;
  load.reachable = wants_to_be_reached();
  const outbox::Fill fill = shared_.outbox.fill();
  load.waiting = fill.waiting - fill.held_back + fill.under_way > 0 || states_.is_busy();
  load.oldest_ack = sender_.oldest_unanswered();
  // A visit carries no messages, so none can be what it is for: it lasts as long as it has to.
  if (with_ != With::recovery) load.next_due = shared_.outbox.earliest_due();
  session_.load(now(), load);
}

void Worker::arm_timer(std::optional<Instant> next) {
  const auto sooner = [&next](const std::optional<Instant>& at) {
    if (at) next = next ? std::min(*next, *at) : *at;
  };
  sooner(shared_.outbox.next_due(now()));
  sooner(sender_.paused_until());
  sooner(shared_.calls.next_deadline());
  sooner(prove_at_);
  sooner(trust_.next_look(now()));
  sooner(budget_.next_look());
  sooner(budget_due_);
  sooner(visit_ends_);
  sooner(ledger_.next_look(now()));
  sooner(presence_.next_look(now()));
  sooner(states_.next_look());
  if (!next) {
    if (armed_for_) timer_.cancel();
    armed_for_.reset();
    return;
  }
  // A later deadline is found when the earlier one rings: re-arming for each packet would cost
  // more.
  if (armed_for_ && *armed_for_ <= *next && *armed_for_ > now()) return;
  armed_for_ = next;
  if (environment_.driver() != nullptr) return;  // it asks for `alarm`
  timer_.expires_at(*next);
  timer_.async_wait([this](const std::error_code& error) {
    if (error || over_) return;
    armed_for_.reset();
    look();
  });
}

bool Worker::ring() {
  if (over_ || !armed_for_ || *armed_for_ > now()) return false;
  armed_for_.reset();
  look();
  return true;
}

Status Worker::status() {
  Status status;
  status.state = session_.state();
  if (session_.is_up()) {
    status.address = address_;
    status.vouching_pin = vouching_pin_;
    status.tls_resumed = tls_resumed_;
  }
  status.pin_set_version = trust_.version();
  status.pin_set_proven = trust_.proven();
  const outbox::Fill fill = shared_.outbox.fill();
  status.waiting = fill.waiting + fill.under_way;
  status.under_way = fill.under_way;
  status.counters = shared_.counters.read();
  status.budget = budget_.status();
  if (link_) ledger_.note_connection(link_->bill(), link_->carried(), now());
  status.ledger = ledger_.read();
  return status;
}

}  // namespace holdfast::device
