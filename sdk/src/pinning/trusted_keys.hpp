// The keys that a connection may be vouched for by: a snapshot, taken when it is dialled, that does
// not change while it is being made. Pure.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pinning/pin.hpp"

namespace holdfast::pinning {

class TrustedKeys {
 public:
  /// From which set a pin vouches.
  enum class Role {
    current,   ///< the newest set
    fallback,  ///< the last set that worked, while the newest one is not proven yet
  };
  struct Match {
    Pin pin;
    Role role = Role::current;
  };

  TrustedKeys() = default;
  /// Pins alone, as an app writes them: no version, no fallback.
  explicit TrustedKeys(const PinSet& pins) : current_(pins.pins()) {}
  TrustedKeys(std::uint64_t version, std::vector<Pin> current, std::vector<Pin> fallback = {},
              std::vector<Pin> revoked = {});

  /// Other pins, of a broker that has its own; what is revoked here is revoked there.
  TrustedKeys with_pins(std::vector<Pin> pins) const;

  /// The pin that equals the digest. Every pin is compared in full, so that the time taken does not
  /// depend on which one matched.
  std::optional<Match> match(const Pin& seen) const;

  /// The pin that vouches for a connection which has proven these keys, the broker's own first (and
  /// above it, where certificates count, those of the path that was validated). Nothing does if one
  /// of them is revoked.
  std::optional<Match> judge(const std::vector<Pin>& proven) const;

  /// Nobody can be trusted: every key was revoked, or the set has expired and the app wants that to
  /// count.
  bool empty() const { return current_.empty() && fallback_.empty(); }
  std::uint64_t version() const { return version_; }
  /// All pins, those of the current set first.
  std::vector<Pin> pins() const;

  /// For a message to a person: the pins, and the version of the set if it has one.
  std::string text() const;

 private:
  std::uint64_t version_ = 0;
  std::vector<Pin> current_;
  std::vector<Pin> fallback_;
  std::vector<Pin> revoked_;
};

/// Shared by the connection that is judged by it and whoever made it.
using SharedKeys = std::shared_ptr<const TrustedKeys>;

}  // namespace holdfast::pinning
