// The session's part in keeping a line, or not: pings and probes, what silences teach about a
// network, and when the line is given up.

#include <algorithm>
#include <utility>

#include "session/session.hpp"

namespace holdfast::session {
namespace {

using namespace std::chrono_literals;

// Shorter silences teach nothing.
constexpr Duration kSilence = 5s;

std::string in_seconds(Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

Duration ping_margin(std::chrono::seconds keep_alive) {
  return std::min<Duration>(5s, keep_alive / Duration::rep{5});
}

}  // namespace

// --- Is it alive? --------------------------------------------------------------------------------

// A line may not be silent for longer than the app was promised: the ping goes out so much earlier
// that its answer, or the lack of one, is known in time.
Duration Session::response_time() const {
  return std::min<Duration>(config_.timeouts.response, config_.reachable_within / 2);
}

Instant Session::next_ping() const {
  Instant at = Instant::max();
  if (load_.reachable) {
    at = std::min(at, last_received_ + config_.reachable_within - response_time());
    if (const auto often = idle_records_.ping_of(network_); often > 0s) {
      at = std::min(at, last_activity() + often);
    }
  }
  if (keep_alive_ > 0s) at = std::min(at, last_sent_ + keep_alive_ - ping_margin(keep_alive_));
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
  if (now < next_ping()) return;
  if (!load_.reachable && !load_.waiting) pinged_bytes_ += limits::kPingIpBytes;
  sent(now);
  ping_sent_ = now;
  actions_.emplace_back(Ping{});
}

// --- What silences teach -------------------------------------------------------------------------

// Probes end a silence for a NAT, though not for a proxy.
Duration Session::on_wire(Duration silence) const {
  return probing_ > 0s ? std::min<Duration>(silence, probing_) : silence;
}

void Session::note_silence(Instant now) {
  silence_ = std::max(silence_, now - last_activity());
}

void Session::sent(Instant now) {
  note_silence(now);
  last_sent_ = now;
}

void Session::received(Instant now) {
  note_silence(now);
  if (is_up() && silence_ >= kSilence) idle_record().line_survived(on_wire(silence_));
  silence_ = Duration(0);
  last_received_ = now;
  ping_sent_.reset();  // whatever came, the line is alive
}

void Session::learn_from_end(Instant now, const std::error_code& error) {
  // Where something was sent and not answered, the silence before it tells; else that until now.
  const bool asked = last_sent_ > last_received_;
  const Duration silence = asked ? silence_ : now - last_activity();
  const bool at_once = asked && now - last_sent_ < kSilence;
  if (error == Errc::timed_out) {
    idle_record().line_died(on_wire(silence));
  } else if (error == Errc::connection_lost && at_once) {
    // A reset in answer to the first packet after a silence: the mapping was gone.
    idle_record().line_died(on_wire(silence));
  } else if (error == Errc::connection_lost) {
    idle_record().line_closed(now - last_activity());
  }
}

// --- Holding it, or not --------------------------------------------------------------------------

std::chrono::seconds Session::ping_interval() const {
  Duration interval = config_.reachable_within - response_time();
  if (keep_alive_ > 0s) {
    interval = std::min<Duration>(interval, keep_alive_ - ping_margin(keep_alive_));
  }
  if (const auto often = idle_records_.ping_of(network_); often > 0s) {
    interval = std::min<Duration>(interval, often);
  }
  return std::chrono::duration_cast<std::chrono::seconds>(interval);
}

void Session::look_at_holding(Instant now) {
  rest_at_.reset();
  std::chrono::seconds probe{0};
  if (load_.reachable) {
    const auto needed = idle_record().probe;
    // Where pings come as often they hold the line as well.
    if (needed < ping_interval()) probe = needed;
  } else if (!load_.oldest_ack && !ping_sent_) {
    probe = probe_for_message(now);
  } else {
    return;  // something is on its way: that is settled first
  }
  if (phase_ == Phase::closing || probe == probing_) return;
  probing_ = probe;
  actions_.emplace_back(Probe{probe});
}

// With nobody who wants to reach the device, the line is for the next message.
std::chrono::seconds Session::probe_for_message(Instant now) {
  const std::uint64_t away = setup_.away_bytes();
  if (!load_.waiting) {
    // Nobody knows when there will be one. Pings that the broker demands are paid until they have
    // cost as much as coming back: so the sum is never more than twice the least possible.
    if (pinged_bytes_ >= away) {
      rest_if_time(now, {.time = std::nullopt, .held_bytes = pinged_bytes_, .away_bytes = away});
    }
    return 0s;
  }
  if (!load_.next_due || *load_.next_due <= now) return 0s;
  const auto needed = idle_record().probe;
  const Duration silence = *load_.next_due - now;
  const HoldingVerdict verdict =
      weigh({.silence = silence, .probe = needed, .keep_alive = keep_alive_, .away_bytes = away});
  if (verdict.holding == Holding::silent) return 0s;
  if (verdict.holding == Holding::given_up && config_.hold == Hold::automatic) {
    rest_if_time(now, {.time = silence, .held_bytes = verdict.held_bytes, .away_bytes = away});
    return 0s;
  }
  return needed;
}

void Session::rest_if_time(Instant now, const Rest& rest) {
  if (config_.hold == Hold::always || phase_ != Phase::up) return;
  const Instant at = last_activity() + limits::kRestAfter;
  if (now < at) {
    rest_at_ = at;
    return;
  }
  actions_.emplace_back(rest);
  close(now, Then::rest);
}

void Session::wake_if_due(Instant now) {
  deadline_.reset();
  if (!load_.reachable && !load_.waiting) return;
  // So early that the message leaves in time. What is due already may be so since ever.
  const bool high_time =
      load_.reachable || !load_.next_due || *load_.next_due <= now + setup_.lead();
  if (high_time) {
    wake(now);
  } else {
    deadline_ = *load_.next_due - setup_.lead();
  }
}

void Session::wake(Instant now) {
  woken_ = true;
  dial(now);
}

}  // namespace holdfast::session
