// Where a broker has sent the device (Server Reference, MQTT 5 section 4.11), and for how long that
// counts. Pure; what a reference says is of no concern here.
//
// "Use another server" (0x9C) counts for one connection. "Server moved" (0x9D) counts for
// `limits::kMovedFor`, or until the place has failed three times in a row. Neither is kept across
// restarts, and neither changes who is trusted: the keys are the same wherever it leads.

#pragma once

#include <optional>
#include <string>
#include <system_error>

#include "base/clock.hpp"

namespace holdfast::session {

class Referral {
 public:
  /// The broker said `error` and named `to` (empty: nobody). @return whether it is followed
  bool take(Instant now, const std::error_code& error, const std::string& to);

  /// Whom to dial; empty: the device's own broker.
  std::string target(Instant now) const;

  /// A connection or an attempt at `target` is over. @param was_up the broker had taken the login
  void ended(const std::error_code& error, bool was_up);

  /// The session waits before the next attempt: it may be sent on again then.
  void waited() { in_a_row_ = 0; }

 private:
  struct Moved {
    std::string to;
    Instant until;
    unsigned failures = 0;
  };

  std::string another_;  // empty: none
  std::optional<Moved> moved_;
  unsigned in_a_row_ = 0;
};

}  // namespace holdfast::session
