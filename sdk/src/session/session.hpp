// The session's state machine: events and a time in, actions out.
//
// It decides when to dial, log in, probe, give up, wait and end. It owns no socket, no clock and no
// thread; the worker (sdk/src/device/worker.hpp) feeds it and carries its actions out. All members
// are called from one thread.
//
//   idle ─start─► dialling ─dialled─► logging_in ─logged_in─► up ─stop─► draining ─► closing ─►
//   stopped
//                    ▲  └───────failed────┐ └──refused──┐       └─ended─┐
//                    └────────────────────┴── waiting ◄─┴───────────────┘

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <holdfast/options.hpp>
#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "session/backoff.hpp"

namespace holdfast::session {

struct Config {
  Backoff backoff;
  Timeouts timeouts;
  std::chrono::seconds reachable_within = limits::kReachableWithin;
  unsigned brokers = 1;  ///< how many one attempt may try
};

// --- Actions: what the worker is asked to do ---------------------------------------------------

/// Resolve, connect, handshake and check the pins; answer with `dialled` or `failed`.
struct Dial {};
/// Log in over the verified connection; answer with `logged_in` or `failed`.
struct Login {
  std::chrono::seconds keep_alive{
      0};  ///< for the CONNECT packet; 0: none (MQTT 5 section 3.1.2.10)
};
/// Send a PINGREQ.
struct Ping {};
/// Send DISCONNECT and close in order; answer with `ended`.
struct Close {};
/// Drop the connection or the attempt at once; it will not be answered.
struct Abort {
  Failure reason;
};
/// The next attempt comes after this; for an event.
struct Wait {
  Duration time;
};
/// The session is over for good.
struct Finished {
  bool clean = true;
};
using Action = std::variant<Dial, Login, Ping, Close, Abort, Wait, Finished>;

// --- What the worker tells -----------------------------------------------------------------------

struct LoggedIn {
  bool session_present = false;
  std::optional<std::chrono::seconds> server_keep_alive;  ///< MQTT 5 section 3.2.2.3.14
};

/// What is going on besides the connection; kept up to date by the worker.
struct Load {
  bool reachable = false;             ///< a subscription or a will: the device wants to be reached
  bool waiting = false;               ///< messages wait in the outbox
  std::optional<Instant> oldest_ack;  ///< since when the oldest unacknowledged request waits
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

  void dialled(Instant now);
  void logged_in(Instant now, const LoggedIn& info);
  /// The attempt failed, or the connection ended.
  void ended(Instant now, const Failure& why);

  /// The network has something that it lacked: a wait ends now, but not within
  /// `limits::kNetworkChangeInterval` of the last one that ended so.
  void network_changed(Instant now);

  void sent(Instant now) { last_sent_ = now; }
  void received(Instant now);
  void load(Instant now, const Load& load);

  /// Acts on what is due. @return by when it has to be called again at the latest.
  std::optional<Instant> tick(Instant now);

  /// Takes the actions that have come up since the last call.
  std::vector<Action> take_actions();

  State state() const;
  bool is_up() const { return phase_ == Phase::up || phase_ == Phase::draining; }
  unsigned attempts() const { return backoff_.attempts(); }

 private:
  enum class Phase { idle, dialling, logging_in, up, draining, closing, waiting, stopped };

  void dial(Instant now);
  void wait(Instant now, const Failure& why);
  void close(Instant now);
  void finish(bool clean);
  void give_up(Instant now, Errc error, std::string detail);
  void check_line(Instant now);
  void check_drained(Instant now);
  Instant next_probe() const;
  Duration response_time() const;

  Config config_;
  BackoffTimer backoff_;
  std::vector<Action> actions_;

  Phase phase_ = Phase::idle;
  Load load_;
  std::optional<Instant> deadline_;  // of the phase: retry, login, drain or close
  Instant up_since_{};
  Instant last_sent_{};
  Instant last_received_{};
  std::optional<Instant> ping_sent_;
  std::optional<Instant> hurried_;      // when a change of the network ended a wait
  bool renewing_ = false;               // what is being closed is dialled again
  std::chrono::seconds keep_alive_{0};  // what the broker enforces; 0: nothing
};

}  // namespace holdfast::session
