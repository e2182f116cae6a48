// The keys that a device trusts, kept across restarts: pinning/trust.hpp with a place on the disk,
// a clock and a voice.
//
// Threads: the worker's thread only; the constructor anywhere. A change of trust is written and
// synced before it counts: that is a few times in a device's life, and the only wait for a disk on
// this thread.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "device/trusted_time.hpp"
#include "pinning/trust.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

class TrustKeeper {
 public:
  using Pins = std::vector<pinning::Pin>;

  TrustKeeper(const Settings& settings, Shared& shared, const TrustedTime& time);

  /// Tells what was found on the disk, and takes the set of `pin_updates.file`. Once; later calls
  /// do nothing.
  void begin(Instant now);

  /// By what a connection that is dialled now is judged.
  const pinning::SharedKeys& keys() const { return keys_; }

  /// A signed set; its fate is told by an event. @param source where it came from, for a person
  pinning::Offer offer(std::span<const std::uint8_t> document, const std::string& source,
                       const Pins& live, Instant now);

  /// A handshake has finished.
  void verified(const pinning::TrustedKeys::Match& match, const Pins& proven, Instant now);
  /// A resumed handshake has finished: nothing is proven by it, neither a set nor a candidate.
  void resumed(const pinning::TrustedKeys::Match& match) { vouching_ = match.pin; }
  /// A broker showed a key that nothing vouches for.
  void refused(const pinning::Pin& seen, Instant now);

  /// Looks at the clock. Cheap; acts once a minute at most.
  void tick(Instant now);
  /// The clock that this looks at was set.
  void time_was_set(Instant now);
  /// When the clock has to be looked at because the set expires; empty if it does not, or nobody
  /// knows what time it is.
  std::optional<Instant> next_look(Instant now) const;

  /// Every key has been refused for long enough, or none is left.
  bool wants_recovery() const;

  /// What the broker should be told of refusals and candidates; empty if nothing, or too soon.
  std::optional<std::vector<std::byte>> report(Instant now);

  /// What a status tells: the pins of the newest set (none where nobody is trusted any more), and
  /// the candidates of the last full handshake, each with whether it would have matched.
  Pins pins() const;
  std::vector<std::pair<pinning::Pin, bool>> candidate_results() const;

  std::uint64_t version() const { return trust_.version(); }
  bool proven() const { return trust_.proven(); }

 private:
  struct Candidate {
    pinning::Pin pin;
    bool matches;
  };

  void look_at_clock(Instant now);
  void renew_keys();
  Failure keep();
  void keep_or_warn();
  void tell_candidates(const Pins& proven);

  const Settings& settings_;
  Shared& shared_;
  const TrustedTime& time_;
  std::optional<state::Slots> slots_;
  std::string remark_;  // on what was found on the disk
  pinning::Trust trust_;
  pinning::SharedKeys keys_;
  std::optional<Instant> looked_at_clock_;
  std::uint64_t expiry_told_for_ = 0;  // version
  // For the report.
  std::uint64_t refusals_ = 0;
  std::optional<pinning::Pin> last_refused_;
  std::optional<pinning::Pin> vouching_;
  std::vector<Candidate> candidates_;
  bool report_due_ = false;
  bool begun_ = false;
  std::optional<Instant> reported_;
};

}  // namespace holdfast::device
