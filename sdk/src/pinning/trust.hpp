// What a device trusts, and how that changes: the pins that the app was built with, signed sets
// that replace them, and what a connection proves. Pure: events in, decisions out. Who owns it
// keeps `state()` wherever it outlives the process.
//
// A new set is accepted in one of two ways. If it contains a key that the live connection has
// proven, it is simply the set from now on. Otherwise it has to be proven first: until a connection
// rests on it, the last set that worked counts as well, minus every key that a newer set revokes.
// So an operator's mistake locks nobody out, and a thief of a revoked key gains nothing by keeping
// the new key from being reached.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "base/clock.hpp"
#include "pinning/trust_state.hpp"
#include "pinning/trusted_keys.hpp"

namespace holdfast::pinning {

/// What the app was built with.
struct BuiltIn {
  std::uint64_t version = 0;
  std::vector<Pin> pins;
  std::vector<Pin> candidates;
  Roots roots;  ///< empty: no signed sets
  PinCount pin_count = PinCount::at_least_two;
  ExpiredPinSet expired = ExpiredPinSet::warn;
};

/// What became of a set that was offered.
struct Offer {
  enum class Result {
    accepted,   ///< it is the newest set now
    unchanged,  ///< it is what we have
    refused,    ///< `detail` says why
  };
  Result result = Result::refused;
  bool proven = false;             ///< accepted, and trusted alone
  bool ends_session = false;       ///< the live connection rests on a key that is trusted no more
  std::chrono::seconds spread{0};  ///< accepted and not proven: reconnect within this time
  std::string detail;
};

class Trust {
 public:
  /// @param stored what an earlier process left, if anything
  Trust(BuiltIn built_in, std::optional<TrustState> stored, CheckSignature check);

  /// By what a connection that is dialled now has to be judged.
  SharedKeys keys() const;

  /// Somebody brings a signed set. @param live the keys that the live connection has proven, the
  /// broker's own first; empty without one
  Offer offer(Bytes document, const std::vector<Pin>& live);

  /// A handshake has finished, vouched for like this.
  void verified(const TrustedKeys::Match& match);
  /// A broker showed a key that is not trusted.
  void refused(Instant now);

  /// How long, while the device was running, every handshake was refused for its key.
  std::chrono::seconds refused_for() const { return state_.refused_for; }

  /// Candidates of the app and of the newest set.
  std::vector<Pin> candidates() const;

  /// It is at least this late, in seconds since 1970.
  void raise_time_floor(std::uint64_t time);
  bool expired() const;
  /// When the newest set expires, in seconds since 1970; 0: never.
  std::uint64_t expires() const { return state_.newest.expires; }

  std::uint64_t version() const { return state_.newest.version; }
  bool proven() const { return state_.proven; }
  const TrustState& state() const { return state_; }
  /// Whether `state()` has changed, so that it should be kept, since the last call.
  bool take_changed();

 private:
  const Roots& roots() const { return state_.roots.empty() ? built_in_.roots : state_.roots; }
  void adopt_built_in();
  std::string why_refused(const Document& document) const;
  void accept(const Document& document, const Roots& roots, const std::vector<Pin>& live);

  BuiltIn built_in_;
  CheckSignature check_;
  TrustState state_;
  std::uint64_t kept_time_floor_ = 0;
  std::optional<Instant> last_refusal_;
  bool changed_ = false;
};

}  // namespace holdfast::pinning
