#include "session/session.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::session {
namespace {

using namespace std::chrono_literals;

// A network that comes up is told piece by piece, and an attempt that begins with the first piece
// fails for lack of the next: an address, the route to its neighbours, the way to the rest. More
// pieces than these, or later ones, are a network that comes and goes.
constexpr Duration kNetworkSettles = 1s;
constexpr unsigned kNetworkPieces = 3;

std::string in_seconds(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

Session::Session(const Config& config, Random random)
    : config_(config), retry_(config.backoff, std::move(random)) {}

State Session::state() const {
  switch (phase_) {
    case Phase::idle:
      return State::idle;
    case Phase::dialling:
    case Phase::logging_in:
      return stop_by_ ? State::stopping : State::connecting;
    case Phase::up:
      return State::connected;
    case Phase::waiting:
      return State::waiting;
    case Phase::resting:
      return State::resting;
    case Phase::closing:
      if (then_ == Then::stop || stop_by_) return State::stopping;
      return then_ == Then::dial ? State::connecting : State::resting;
    case Phase::draining:
      return State::stopping;
    case Phase::stopped:
      return State::stopped;
  }
  return State::stopped;
}

std::vector<Action> Session::take_actions() {
  return std::exchange(actions_, {});
}

void Session::start(Instant now) {
  if (phase_ == Phase::idle) dial(now);
}

void Session::dial(Instant now) {
  phase_ = Phase::dialling;
  dialled_at_ = now;
  // The dialler bounds its own steps; this bound is for the case that it does not answer at all.
  // Sixteen addresses are more than any broker has.
  deadline_ =
      now + config_.brokers * (config_.timeouts.resolve +
                               16 * (config_.timeouts.connect + config_.timeouts.handshake));
  if (stop_by_) deadline_ = std::min(*deadline_, *stop_by_);
  actions_.emplace_back(Dial{referral_.target(now)});
}

void Session::dialled(Instant now, std::uint64_t network) {
  if (phase_ != Phase::dialling) return;
  phase_ = Phase::logging_in;
  network_ = network;
  deadline_ = now + config_.timeouts.connack;
  if (stop_by_) deadline_ = std::min(*deadline_, *stop_by_);
  keep_alive_ =
      load_.reachable ? std::min(config_.reachable_within, std::chrono::seconds(65'535)) : 0s;
  actions_.emplace_back(Login{keep_alive_});
}

void Session::logged_in(Instant now, const LoggedIn& info) {
  if (phase_ != Phase::logging_in) return;
  phase_ = stop_by_ ? Phase::draining : Phase::up;
  deadline_ = stop_by_;
  woken_ = false;
  setup_.measured(info.setup_ip_bytes, now - dialled_at_);
  ping_sent_.reset();
  silence_ = Duration(0);
  probing_ = 0s;
  pinged_bytes_ = 0;
  up_since_ = last_sent_ = last_received_ = now;
  if (info.server_keep_alive) keep_alive_ = *info.server_keep_alive;
  look_at_holding(now);
}

void Session::load(Instant now, const Load& load) {
  load_ = load;
  if (load.waiting) pinged_bytes_ = 0;
  if (phase_ == Phase::draining) check_drained(now);
  if (phase_ == Phase::up) look_at_holding(now);
  if (phase_ == Phase::resting) wake_if_due(now);
}

void Session::ended(Instant now, const Failure& why, const std::string& reference) {
  std::optional<Duration> lasted;
  switch (phase_) {
    case Phase::idle:
    case Phase::waiting:
    case Phase::resting:
    case Phase::stopped:
      return;
    case Phase::closing:
      closed(now, true);
      return;
    case Phase::draining:
      finish(false);
      return;
    case Phase::up:
      lasted = now - up_since_;
      learn_from_end(now, why.error);
      break;
    case Phase::dialling:
    case Phase::logging_in:
      if (!stop_by_) break;
      finish(false);
      return;
  }
  referral_.ended(why.error, lasted.has_value());
  if (referral_.take(now, why.error, reference)) {
    if (lasted) retry_.ended_by_us(*lasted);
    actions_.emplace_back(Referred{reference});
    dial(now);
    return;
  }
  wait(now, why, lasted);
}

void Session::wait(Instant now, const Failure& why, std::optional<Duration> lasted) {
  const Retry::Pause pause = retry_.after(why.error, lasted);
  woken_ = false;
  referral_.waited();
  network_may_help_ = pause.network_may_help;
  phase_ = Phase::waiting;
  deadline_ = now + pause.time;
  if (pause.manner == Manner::duplicate) actions_.emplace_back(Duplicate{pause.suspected});
  actions_.emplace_back(Wait{pause.time});
}

void Session::network_changed(Instant now) {
  if (phase_ != Phase::waiting || !network_may_help_) return;
  const bool is_next_piece = network_came_ && now >= *network_came_ &&
                             now - *network_came_ <= kNetworkSettles &&
                             network_helped_ < kNetworkPieces;
  const bool is_news = !network_came_ || now - *network_came_ >= limits::kNetworkChangeInterval;
  const Instant at =
      is_next_piece || is_news ? now : *network_came_ + limits::kNetworkChangeInterval;
  if (at >= *deadline_) return;
  deadline_ = at;
  if (is_next_piece) {
    ++network_helped_;
  } else {
    network_came_ = at;
    network_helped_ = 1;
  }
}

void Session::renew(Instant now) {
  if (phase_ == Phase::up) close(now, Then::dial);
}

void Session::close(Instant now, Then then) {
  // As after an end that nobody wished for: a short-lived connection does not reset the backoff.
  retry_.ended_by_us(now - up_since_);
  phase_ = Phase::closing;
  then_ = then;
  deadline_ = now + 2 * limits::kCloseTimeout;
  actions_.emplace_back(Close{});
}

void Session::closed(Instant now, bool clean) {
  referral_.ended({}, true);
  switch (then_) {
    case Then::stop:
      finish(clean);
      return;
    case Then::dial:
      dial(now);
      return;
    case Then::rest:
      phase_ = Phase::resting;
      wake_if_due(now);
      return;
  }
}

void Session::stop(Instant now, Instant deadline) {
  switch (phase_) {
    case Phase::draining:
    case Phase::stopped:
      return;
    case Phase::closing:
      if (then_ == Then::rest && load_.waiting && !stop_by_) stop_by_ = deadline;
      if (!stop_by_) then_ = Then::stop;
      return;
    case Phase::resting:
      if (load_.waiting) {
        stop_by_ = deadline;
        wake(now);
      } else {
        finish(true);
      }
      return;
    case Phase::up:
      phase_ = Phase::draining;
      deadline_ = deadline;
      check_drained(now);
      return;
    case Phase::dialling:
    case Phase::logging_in:
      if (stop_by_) return;
      if (woken_ && load_.waiting) {
        // It has rested because there was time: now there is none, and the message shall not lose
        // by that.
        stop_by_ = deadline;
        deadline_ = std::min(*deadline_, deadline);
        return;
      }
      actions_.emplace_back(Abort{Failure(Errc::closed, "the device was stopped")});
      finish(true);
      return;
    case Phase::idle:
    case Phase::waiting:
      finish(true);
      return;
  }
}

void Session::check_drained(Instant now) {
  const bool drained = !load_.waiting && !load_.oldest_ack;
  if (drained || now >= *deadline_) close(now, Then::stop);
}

void Session::finish(bool clean) {
  phase_ = Phase::stopped;
  deadline_.reset();
  actions_.emplace_back(Finished{clean});
}

void Session::give_up(Instant now, Errc error, std::string detail) {
  Failure why(error, std::move(detail));
  actions_.emplace_back(Abort{why});
  ended(now, why);
}

void Session::deadline_passed(Instant now) {
  switch (phase_) {
    case Phase::waiting:
      dial(now);
      return;
    case Phase::resting:
      wake(now);
      return;
    case Phase::dialling:
      give_up(now, Errc::timed_out, "the attempt to connect did not end");
      return;
    case Phase::logging_in:
      give_up(now, Errc::timed_out,
              "the broker has not answered CONNECT within " + in_seconds(config_.timeouts.connack));
      return;
    case Phase::draining:
      check_drained(now);
      return;
    case Phase::closing:
      actions_.emplace_back(Abort{Failure(Errc::timed_out, "closing took too long")});
      closed(now, false);
      return;
    case Phase::idle:
    case Phase::up:
    case Phase::stopped:
      return;
  }
}

std::optional<Instant> Session::tick(Instant now) {
  if (is_up()) check_line(now);
  if (phase_ == Phase::up) look_at_holding(now);
  if (deadline_ && now >= *deadline_) deadline_passed(now);

  std::optional<Instant> next = deadline_;
  const auto sooner = [&next](Instant at) {
    if (at != Instant::max()) next = next ? std::min(*next, at) : at;
  };
  if (is_up()) {
    sooner(ping_sent_ ? *ping_sent_ + response_time() : next_ping());
    if (load_.oldest_ack) sooner(*load_.oldest_ack + config_.timeouts.ack);
    if (rest_at_) sooner(*rest_at_);
  }
  return next;
}

}  // namespace holdfast::session
