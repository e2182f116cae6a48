#include "session/session.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::session {
namespace {

using namespace std::chrono_literals;

// Only a person can mend these, on the device or at the broker: trying again soon costs handshakes
// and helps nobody. They are tried again all the same, because that person mends the broker, and
// nobody stands beside the device.
bool wants_a_person(const std::error_code& error) {
  return error == Errc::identity_refused || error == Errc::bad_credentials ||
         error == Errc::not_authorised || error == Errc::client_id_refused ||
         error == Errc::unsupported_version || error == Errc::banned ||
         error == Errc::session_taken_over || error == Errc::server_moved ||
         error == Errc::proxy_refused;
}

std::string in_seconds(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

Session::Session(const Config& config, Random random)
    : config_(config), backoff_(config.backoff, std::move(random)) {}

State Session::state() const {
  switch (phase_) {
    case Phase::idle:
      return State::idle;
    case Phase::dialling:
    case Phase::logging_in:
      return State::connecting;
    case Phase::up:
      return State::connected;
    case Phase::waiting:
      return State::waiting;
    case Phase::closing:
      return renewing_ ? State::connecting : State::stopping;
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
  renewing_ = false;
  phase_ = Phase::dialling;
  // The dialler bounds its own steps; this bound is for the case that it does not answer at all.
  // Sixteen addresses are more than any broker has.
  deadline_ =
      now + config_.brokers * (config_.timeouts.resolve +
                               16 * (config_.timeouts.connect + config_.timeouts.handshake));
  actions_.emplace_back(Dial{});
}

void Session::dialled(Instant now) {
  if (phase_ != Phase::dialling) return;
  phase_ = Phase::logging_in;
  deadline_ = now + config_.timeouts.connack;
  keep_alive_ =
      load_.reachable ? std::min(config_.reachable_within, std::chrono::seconds(65'535)) : 0s;
  actions_.emplace_back(Login{keep_alive_});
}

void Session::logged_in(Instant now, const LoggedIn& info) {
  if (phase_ != Phase::logging_in) return;
  phase_ = Phase::up;
  deadline_.reset();
  ping_sent_.reset();
  up_since_ = last_sent_ = last_received_ = now;
  if (info.server_keep_alive) keep_alive_ = *info.server_keep_alive;
}

void Session::network_changed(Instant now) {
  if (phase_ != Phase::waiting) return;
  const Instant at = hurried_ ? std::max(now, *hurried_ + limits::kNetworkChangeInterval) : now;
  if (deadline_ && *deadline_ <= at) return;
  hurried_ = deadline_ = at;
}

void Session::received(Instant now) {
  last_received_ = now;
  ping_sent_.reset();  // whatever came, the line is alive
}

void Session::load(Instant now, const Load& load) {
  load_ = load;
  if (phase_ == Phase::draining) check_drained(now);
}

void Session::ended(Instant now, const Failure& why) {
  switch (phase_) {
    case Phase::idle:
    case Phase::waiting:
    case Phase::stopped:
      return;
    case Phase::closing:
      if (renewing_) {
        dial(now);
      } else {
        finish(true);
      }
      return;
    case Phase::draining:
      finish(false);
      return;
    case Phase::up:
      if (now - up_since_ >= config_.backoff.stable_after) backoff_.reset();
      break;
    case Phase::dialling:
    case Phase::logging_in:
      break;
  }
  wait(now, why);
}

void Session::wait(Instant now, const Failure& why) {
  const Duration time = wants_a_person(why.error) ? backoff_.next_slow() : backoff_.next();
  phase_ = Phase::waiting;
  deadline_ = now + time;
  actions_.emplace_back(Wait{time});
}

void Session::renew(Instant now) {
  if (phase_ != Phase::up) return;
  // As after an end that nobody wished for: a short-lived connection does not reset the backoff.
  if (now - up_since_ >= config_.backoff.stable_after) backoff_.reset();
  renewing_ = true;
  close(now);
}

void Session::close(Instant now) {
  phase_ = Phase::closing;
  deadline_ = now + 2 * limits::kCloseTimeout;
  actions_.emplace_back(Close{});
}

void Session::stop(Instant now, Instant deadline) {
  renewing_ = false;
  switch (phase_) {
    case Phase::draining:
    case Phase::closing:
    case Phase::stopped:
      return;
    case Phase::up:
      phase_ = Phase::draining;
      deadline_ = deadline;
      check_drained(now);
      return;
    case Phase::dialling:
    case Phase::logging_in:
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
  if (!drained && now < *deadline_) return;
  close(now);
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

// A line may not be silent for longer than the app was promised: the probe goes out so much earlier
// that its answer, or the lack of one, is known in time.
Duration Session::response_time() const {
  return std::min<Duration>(config_.timeouts.response, config_.reachable_within / 2);
}

Instant Session::next_probe() const {
  Instant at = Instant::max();
  if (load_.reachable)
    at = std::min(at, last_received_ + config_.reachable_within - response_time());
  if (keep_alive_ > 0s) {
    const Duration margin = std::min<Duration>(5s, keep_alive_ / Duration::rep{5});
    at = std::min(at, last_sent_ + keep_alive_ - margin);
  }
  if (load_.oldest_ack) {
    at = std::min(at, std::max(last_received_, *load_.oldest_ack) + config_.timeouts.response);
  }
  return at;
}

void Session::check_line(Instant now) {
  if (load_.oldest_ack && now >= *load_.oldest_ack + config_.timeouts.ack) {
    give_up(now, Errc::timed_out,
            "the broker has left a message unacknowledged for " + in_seconds(config_.timeouts.ack) +
                "; it is sent again on a new connection");
    return;
  }
  if (ping_sent_) {
    if (now < *ping_sent_ + response_time()) return;
    give_up(now, Errc::timed_out,
            "the broker has not answered a PINGREQ for " + in_seconds(response_time()) +
                "; the line is taken for dead");
    return;
  }
  if (now >= next_probe()) {
    ping_sent_ = now;
    last_sent_ = now;
    actions_.emplace_back(Ping{});
  }
}

std::optional<Instant> Session::tick(Instant now) {
  if (is_up()) check_line(now);
  if (deadline_ && now >= *deadline_) {
    switch (phase_) {
      case Phase::waiting:
        dial(now);
        break;
      case Phase::dialling:
        give_up(now, Errc::timed_out, "the attempt to connect did not end");
        break;
      case Phase::logging_in:
        give_up(
            now, Errc::timed_out,
            "the broker has not answered CONNECT within " + in_seconds(config_.timeouts.connack));
        break;
      case Phase::draining:
        check_drained(now);
        break;
      case Phase::closing:
        actions_.emplace_back(Abort{Failure(Errc::timed_out, "closing took too long")});
        if (renewing_) {
          dial(now);
        } else {
          finish(false);
        }
        break;
      case Phase::idle:
      case Phase::up:
      case Phase::stopped:
        break;
    }
  }

  std::optional<Instant> next = deadline_;
  const auto sooner = [&next](Instant at) {
    if (at != Instant::max()) next = next ? std::min(*next, at) : at;
  };
  if (is_up()) {
    sooner(ping_sent_ ? *ping_sent_ + response_time() : next_probe());
    if (load_.oldest_ack) sooner(*load_.oldest_ack + config_.timeouts.ack);
  }
  return next;
}

}  // namespace holdfast::session
