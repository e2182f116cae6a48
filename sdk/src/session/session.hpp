// The session's state machine: events and a time in, actions out.
//
// It decides when to dial and whom, when to log in, probe, hang up, give up, wait and end. It owns
// no socket, no clock and no thread; the worker (sdk/src/device/worker.hpp) feeds it and carries
// its actions out. All members are called from one thread.
//
//   idle ─start─► dialling ─dialled─► logging_in ─logged_in─► up ─stop─► draining ─► closing ─►
//   stopped
//                  ▲  ▲ └────failed────┐ └──refused──┐       │ └─ended─┐
//                  │  └────────────────┴── waiting ◄─┴───────┼─────────┘
//                  └─────due────────────── resting ◄─closing─┘ holding costs more
//
// What to do after an end is in retry.hpp and referral.hpp, what is known of a network in
// idle_interval.hpp, the sums of holding in holding.hpp.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/options.hpp>
#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "session/holding.hpp"
#include "session/idle_interval.hpp"
#include "session/referral.hpp"
#include "session/retry.hpp"

namespace holdfast::session {

struct Config {
  Backoff backoff;
  Timeouts timeouts;
  std::chrono::seconds reachable_within = limits::kReachableWithin;
  Hold hold = Hold::automatic;
  unsigned brokers = 1;  ///< how many one attempt may try
};

// --- Actions: what the worker is asked to do ---------------------------------------------------

/// Resolve, connect, handshake and check the pins; answer with `dialled` or `ended`.
struct Dial {
  std::string to;  ///< empty: the device's own broker; else as a broker has named it
};
/// Log in over the verified connection; answer with `logged_in` or `ended`.
struct Login {
  std::chrono::seconds keep_alive{
      0};  ///< for the CONNECT packet; 0: none (MQTT 5 section 3.1.2.10)
};
/// Send a PINGREQ.
struct Ping {};
/// From now on let the kernel probe the line whenever nothing has come for so long; 0: never.
struct Probe {
  std::chrono::seconds after{0};
};
/// Send DISCONNECT and close in order; answer with `ended`.
struct Close {};
/// Drop the connection or the attempt at once; it will not be answered.
struct Abort {
  Failure reason;
};
/// The next attempt comes after this; for an event.
struct Wait {
  Duration time{};
};
/// The line is given up until something is due; for an event.
struct Rest {
  std::optional<Duration> time;  ///< until the next attempt; empty: until there is a message
  std::uint64_t held_bytes = 0;  ///< what holding would cost, or has cost
  std::uint64_t away_bytes = 0;
};
/// The broker has named another one, which is dialled; for an event.
struct Referred {
  std::string to;
};
/// Another client has the same client identifier; for an event.
struct Duplicate {
  bool suspected = false;  ///< the broker did not say so
};
/// The session is over for good.
struct Finished {
  bool clean = true;
};
using Action =
    std::variant<Dial, Login, Ping, Probe, Close, Abort, Wait, Rest, Referred, Duplicate, Finished>;

// --- What the worker tells -----------------------------------------------------------------------

struct LoggedIn {
  bool session_present = false;
  std::optional<std::chrono::seconds> server_keep_alive{};  ///< MQTT 5 section 3.2.2.3.14
  std::uint64_t setup_ip_bytes = 0;  ///< of this connection up to now; 0: not known
};

/// What is going on besides the connection; kept up to date by the worker.
struct Load {
  bool reachable = false;             ///< a subscription or a will: the device wants to be reached
  bool waiting = false;               ///< messages wait in the outbox, or are under way
  std::optional<Instant> oldest_ack;  ///< since when the oldest unacknowledged request waits
  /// When the next of those messages has to go; empty or past: now.
  std::optional<Instant> next_due{};
};

class Session {
 public:
  Session(const Config& config, Random random);

  void start(Instant now);
  /// Ends the session: what is under way is waited for until `deadline`.
  void stop(Instant now, Instant deadline);

  /// Ends a connection that is up, in order, and dials again at once: for instance to prove a new
  /// pin set.
  void renew(Instant now);

  /// @param network any number that tells networks apart
  void dialled(Instant now, std::uint64_t network = 0);
  void logged_in(Instant now, const LoggedIn& info);
  /// The attempt failed, or the connection ended. @param reference whom the broker has named
  /// instead of itself, if anybody
  void ended(Instant now, const Failure& why, const std::string& reference = {});

  void sent(Instant now);
  void received(Instant now);
  void load(Instant now, const Load& load);
  /// The network has something that it lacked: a wait ends now if it may have been the network's
  /// fault. Changes that come with each other (an address, then a route) end a wait each; otherwise
  /// no two do within `limits::kNetworkChangeInterval`.
  void network_changed(Instant now);

  /// Acts on what is due. @return by when it has to be called again at the latest.
  std::optional<Instant> tick(Instant now);

  /// Takes the actions that have come up since the last call.
  std::vector<Action> take_actions();

  State state() const;
  bool is_up() const { return phase_ == Phase::up || phase_ == Phase::draining; }
  unsigned attempts() const { return retry_.attempts(); }

  /// What was learned of networks; to be kept, and handed in before the start.
  const IdleRecords& idle_records() const { return idle_records_; }
  void restore(std::vector<IdleRecords::Row> rows) { idle_records_.restore(std::move(rows)); }

 private:
  enum class Phase { idle, dialling, logging_in, up, draining, closing, waiting, resting, stopped };
  /// What follows a close of ours.
  enum class Then { stop, dial, rest };

  // session.cpp
  void dial(Instant now);
  void wait(Instant now, const Failure& why, std::optional<Duration> lasted);
  void close(Instant now, Then then);
  void closed(Instant now, bool clean);
  void finish(bool clean);
  void give_up(Instant now, Errc error, std::string detail);
  void deadline_passed(Instant now);
  void check_drained(Instant now);

  // line.cpp
  void check_line(Instant now);
  Instant next_ping() const;
  Duration response_time() const;
  std::chrono::seconds ping_interval() const;
  Instant last_activity() const { return std::max(last_sent_, last_received_); }
  IdleRecord& idle_record() { return idle_records_.of(network_); }
  Duration on_wire(Duration silence) const;
  void note_silence(Instant now);
  void learn_from_end(Instant now, const std::error_code& error);
  void look_at_holding(Instant now);
  std::chrono::seconds probe_for_message(Instant now);
  void rest_if_time(Instant now, const Rest& rest);
  void wake_if_due(Instant now);
  void wake(Instant now);

  Config config_;
  Retry retry_;
  Referral referral_;
  IdleRecords idle_records_;
  SetupCost setup_;
  std::vector<Action> actions_;

  Phase phase_ = Phase::idle;
  Load load_;
  std::optional<Instant> deadline_;  // of the phase: retry, login, drain or close
  std::optional<Instant> stop_by_;   // a resting session has come back to deliver what waits
  Then then_ = Then::stop;
  Instant dialled_at_{};
  Instant up_since_{};
  bool network_may_help_ = false;        // to end the wait
  bool woken_ = false;                   // the attempt was made for a message, from rest
  std::optional<Instant> network_came_;  // the first of the changes that came together
  unsigned network_helped_ = 0;          // how many of them have ended a wait

  std::uint64_t network_ = 0;
  Instant last_sent_{};
  Instant last_received_{};
  Duration silence_{};  // the longest since the broker was last heard
  std::optional<Instant> ping_sent_;
  std::chrono::seconds keep_alive_{0};  // what the broker enforces; 0: nothing
  std::chrono::seconds probing_{0};
  std::uint64_t pinged_bytes_ = 0;  // for a broker that demands it, with nothing to send
  std::optional<Instant> rest_at_;
};

}  // namespace holdfast::session
