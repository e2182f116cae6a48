// The worker's part in trust: by whom a connection may be vouched for when it is dialled, where pin
// sets come from, and what follows from one that was accepted.

#include <chrono>
#include <utility>

#include <asio/post.hpp>

#include "channel/server_reference.hpp"
#include "device/worker.hpp"
#include "mqtt/reason.hpp"

namespace holdfast::device {

// --- Dialling ------------------------------------------------------------------------------------

void Worker::carry_out(const session::Dial& dial) {
  prove_at_.reset();  // whatever connection comes now is the proof, or none
  visit_ends_.reset();
  // In turn, so that a broker that was mended is found as well.
  const bool visits =
      trust_.wants_recovery() && (!paths_.can_dial(trust_.keys()) || with_ != With::recovery);
  with_ = dial.to.empty() ? With::broker : With::referred;
  if (visits) with_ = With::recovery;
  if (Failure failure = why_not_dial()) {
    asio::post(io_, [this, failure = std::move(failure)] {
      if (!over_) ended(failure);
    });
    return;
  }
  const auto answer = [this](std::shared_ptr<Connection> connection, const Failure& failure) {
    dialled(std::move(connection), failure);
  };
  if (visits) {
    shared_.emit(EventKind::recovery, {},
                 "connecting to the recovery broker " + settings_.recovery->broker.text() +
                     " for a newer pin set");
    recovery_dialler_->dial(settings_.recovery->keys, answer);
  } else if (dial.to.empty()) {
    paths_.dial(trust_.keys(), now(), answer);
  } else {
    shared_.emit(EventKind::connecting, {}, "connecting to " + dial.to);
    dialler_to(dial.to).dial(trust_.keys(), answer);
  }
}

resumption::Moment Worker::moment() const {
  const auto uptime = std::chrono::floor<std::chrono::seconds>(environment_.since_boot());
  return {.boot = environment_.boot(),
          .uptime = static_cast<std::uint64_t>(uptime.count()),
          .wall = time_.seconds(now()).value_or(0)};
}

Failure Worker::why_not_dial() {
  if (budget_.stops()) return budget_.why_stopped();
  if (with_ == With::recovery || paths_.can_dial(trust_.keys())) return {};
  return {Errc::identity_refused,
          "no key is left that may be trusted; offer a newer pin set, or set a recovery broker"};
}

// By what judges the broker that the connection is with.
bool Worker::trusts(const TrustKeeper::Pins& proven) {
  const auto& trusted = trust_.keys();
  return (with_ == With::broker ? paths_.keys(trusted) : trusted)->judge(proven).has_value();
}

void Worker::cancel_dial() {
  paths_.cancel();
  if (recovery_dialler_) recovery_dialler_->cancel();
  if (referred_dialler_) referred_dialler_->cancel();
}

// The broker that another one has named is reached as the first one is, and judged by the same
// keys.
Dialler& Worker::dialler_to(const std::string& reference) {
  if (!referred_dialler_ || referred_to_ != reference) {
    // It was read before, when it was told to the session.
    const auto broker = channel::parse_server_reference(reference, settings_.broker.port);
    referred_dialler_ =
        environment_.dialler(io_.get_executor(), settings_, broker.value_or(settings_.broker),
                             settings_.tls, dialler_events());
    referred_dialler_->use_tickets(tickets_);
    referred_to_ = reference;
  }
  return *referred_dialler_;
}

void Worker::referred(std::string reference) {
  // The recovery broker has no say in this.
  if (with_ == With::recovery) return;
  if (channel::parse_server_reference(reference, settings_.broker.port)) {
    reference_ = std::move(reference);
    return;
  }
  shared_.emit(
      EventKind::warning, {},
      "the broker names another one that cannot be read: \"" + reference.substr(0, 100) + "\"");
}

void Worker::dialled(std::shared_ptr<Connection> connection, const Failure& failure) {
  if (failure) {
    ended(failure);
    return;
  }
  const auto match = connection->vouching();
  auto proven = connection->proven_pins();
  dialled_ = std::move(connection);
  if (with_ != With::recovery) {
    // The keys may have changed while the connection was being made.
    if (!trusts(proven)) {
      ended({Errc::identity_refused, "the key " + match.pin.text() +
                                         " ceased to be trusted while the connection was made"});
      return;
    }
    tls_resumed_ = dialled_->resumed();
    // What a broker with pins of its own proves says nothing about the set.
    const bool own_pins = with_ == With::broker && paths_.has_own_pins();
    if (tls_resumed_) {
      if (!own_pins) trust_.resumed(match);
    } else if (!own_pins) {
      trust_.verified(match, proven, now());
    }
    proven_pins_ = std::move(proven);
  }
  session_.dialled(now(), dialled_->network());
  act();
}

mqtt_engine::Login Worker::login_for(const session::Login& login) const {
  const Options& options = settings_.options;
  mqtt_engine::Login result{.client_id = options.client_id,
                            .version = options.mqtt_version,
                            .username = options.username,
                            .password = options.password,
                            .session_expiry = options.session_expiry,
                            .clean_start = false,
                            .keep_alive = login.keep_alive,
                            .connack_timeout = options.timeouts.connack,
                            .will = options.will};
  if (options.presence) result.will = presence_.will(now());
  if (with_ == With::recovery) {
    // A visit: nothing of the device stays there.
    result.session_expiry = std::chrono::seconds(0);
    result.will.reset();
  } else {
    result.clean_start = sessions_.starts_clean(broker_name());
  }
  return result;
}

// By which a session with it is known again.
std::string Worker::broker_name() const {
  if (with_ == With::referred) {
    return channel::parse_server_reference(referred_to_, settings_.broker.port)
        .value_or(settings_.broker)
        .text();
  }
  return paths_.broker().text();
}

// --- Pin sets ------------------------------------------------------------------------------------

void Worker::subscribe_to_pin_sets(bool session_present) {
  const std::string& topic = settings_.options.pin_updates.topic;
  if (topic.empty()) return;
  const auto retain = session_present ? mqtt_engine::RetainHandling::send_if_new
                                      : mqtt_engine::RetainHandling::send;
  if (const Failure failure =
          link_->subscribe(kPinSetSubscription, topic, Qos::at_least_once, retain)) {
    shared_.emit(EventKind::subscription_refused, failure);
  }
}

void Worker::pin_sets_subscribed(int code) {
  if (code < 0x80) return;
  shared_.emit(EventKind::subscription_refused,
               mqtt_engine::explain_reason(code, "the broker refused the pin sets' topic " +
                                                     settings_.options.pin_updates.topic));
}

void Worker::take_pin_set(const Message& message) {
  if (message.payload.empty()) return;  // the retained set was taken away
  const auto* first = reinterpret_cast<const std::uint8_t*>(message.payload.data());
  offer_pin_set({first, message.payload.size()},
                with_ == With::recovery ? "the recovery broker" : "the broker");
}

void Worker::offer_pin_set(std::span<const std::uint8_t> document, const std::string& source) {
  if (over_) return;
  // Neither a broker with pins of its own nor a resumed connection proves anything of the set.
  const bool own_pins = with_ == With::broker && paths_.has_own_pins();
  const bool proves = !own_pins && !tls_resumed_;
  const auto offer =
      trust_.offer(document, source, proves ? proven_pins_ : TrustKeeper::Pins(), now());
  if (offer.result != pinning::Offer::Result::accepted) return;
  presence_.trust_changed();
  notify();
  if (with_ == With::recovery) {
    // It has done what it is for; the broker is dialled with the new set.
    if (up_) renew("the recovery broker has brought a newer pin set");
    return;
  }
  if (offer.ends_session || (!proven_pins_.empty() && !trusts(proven_pins_))) {
    end_distrusted(trust_.version());
  } else if (!offer.proven && up_) {
    // Spread at random, or a whole fleet would shake hands in one second.
    prove_at_ = now() + std::chrono::duration_cast<Duration>(offer.spread * random_());
    notify();
  }
}

void Worker::set_time(std::chrono::system_clock::time_point wall) {
  time_.set(wall, now());
  trust_.time_was_set(now());
  ledger_.time_was_set(now());
  tell_the_time();
  budget_looked_at_.reset();
  look();  // the set may have expired, and the session with it; or the month has turned
}

// For what has to do with days gone by and knows no clock of its own.
void Worker::tell_the_time() {
  const Instant at = now();
  const auto ms = time_.milliseconds(at);
  if (!ms) return;
  shared_.boot_time.it_is(*ms);
  shared_.outbox.wall_clock(*ms / 1'000, at);
}

// In a turn of its own: the set may have come through the very link that has to end.
void Worker::end_distrusted(std::uint64_t version) {
  asio::post(io_, [this, version] {
    if (over_ || proven_pins_.empty() || trusts(proven_pins_)) return;
    ended({Errc::identity_refused, "version " + std::to_string(version) +
                                       " of the pin set trusts the key that vouched for this "
                                       "connection no more"});
  });
}

void Worker::renew(const std::string& why) {
  shared_.emit(EventKind::disconnected, {}, why);
  session_.renew(now());
  act();
}

void Worker::look_at_deadlines() {
  trust_.tick(now());
  if (!proven_pins_.empty() && !trusts(proven_pins_)) end_distrusted(trust_.version());
  if (prove_at_ && now() >= *prove_at_) {
    prove_at_.reset();
    if (!trust_.proven()) {
      // Only a broker that the set judges can prove it.
      if (paths_.has_own_pins()) paths_.begin_with_first();
      renew("reconnecting to prove version " + std::to_string(trust_.version()) +
            " of the pin set");
    }
  }
  if (visit_ends_ && now() >= *visit_ends_) {
    visit_ends_.reset();
    ended({Errc::timed_out, "the recovery broker had no newer pin set"});
  }
}

void Worker::report_pins() {
  auto payload = trust_.report(now());
  if (!payload) return;
  outbox::Entry entry;
  entry.topic = settings_.options.pin_updates.report_topic;
  entry.payload = std::move(*payload);
  if (const Failure refused = shared_.put(std::move(entry))) {
    shared_.emit(EventKind::warning, refused);
  }
}

}  // namespace holdfast::device
