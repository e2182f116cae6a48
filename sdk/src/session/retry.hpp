// When to try again, by the reason of the end: each has a policy of its own. Pure.
//
// All waits are parts or multiples of the backoff's cap (5 min unless told):
//
//   what happened                              wait, drawn evenly from
//   the link: no answer, closed, refused …     0 to min(cap, base · 2ⁿ)
//   busy, unavailable, use another server      cap/32 to the bound, which is at least cap/8
//   a quota is used up                         cap/4 to cap
//   only a person can mend it                  cap/10 to cap
//   banned                                     6 to 12 caps
//   another client has the client identifier   2 to 4 caps
//
// MQTT 3.1.1 has no code for the last: the broker just closes. So a third end in a row that came
// from the broker before the connection was stable raises a suspicion, and from then on each end
// that comes from the broker counts as a takeover, until a connection outlives what a rival would
// wait. With the defaults each of two devices with one client identifier makes at most ten
// connections an hour.

#pragma once

#include <optional>
#include <system_error>

#include "base/clock.hpp"
#include "session/backoff.hpp"

namespace holdfast::session {

enum class Manner { link, busy, quota, person, banned, duplicate };

/// The policy for an error, but for the suspicion, which needs more than one.
Manner manner_of(const std::error_code& error);

class Retry {
 public:
  struct Pause {
    Duration time{};
    Manner manner = Manner::link;
    /// Another network may do better: a change of it may end the wait.
    bool network_may_help = false;
    /// A duplicate client identifier is a conclusion of ours and not what the broker said.
    bool suspected = false;
  };

  Retry(const Backoff& options, Random random) : backoff_(options, std::move(random)) {}

  /// The connection ended, or was not made. @param lasted since the login; empty without one
  Pause after(const std::error_code& error, std::optional<Duration> lasted);

  /// A connection was ended by ourselves: nothing failed, but only a stable one resets the backoff.
  void ended_by_us(Duration lasted);

  unsigned attempts() const { return backoff_.attempts(); }

 private:
  bool suspects(const std::error_code& error, std::optional<Duration> lasted);

  BackoffTimer backoff_;
  unsigned short_lived_ = 0;  // ends in a row that came from the broker soon after the login
  bool suspicion_ = false;
};

}  // namespace holdfast::session
