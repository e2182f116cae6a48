// When a birth message is due: pure.
//
// The broker has a will of ours, which says "offline", and publishes it once we have been away for
// its delay. So what is retained there is right as long as we come back before that; a birth is
// needed only where the broker has nothing of us (the first login, a session that is lost, another
// broker), where the will may have been published, or where something that it tells has changed.
//
// The broker's delay begins when it notices that the connection is over. That is never before it
// has sent the last thing that we heard, so the time is counted from there: too early rather than
// too late.

#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "pinning/pin.hpp"

namespace holdfast::presence {

/// What is worth a message of its own when it changes.
struct Facts {
  std::uint64_t pin_set_version = 0;
  bool pin_set_proven = true;
  std::vector<pinning::Pin> pins;
  pinning::Pin vouching;
  std::vector<std::pair<pinning::Pin, bool>> candidates;

  bool operator==(const Facts&) const = default;
};

class Births {
 public:
  struct Terms {
    Duration will_delay{};  ///< how long the broker waits for us; 0: not at all
    Duration refresh{};     ///< how old a birth may become; 0: as old as it likes
  };
  enum class Due : std::uint8_t {
    no,
    as_news,     ///< at once
    as_refresh,  ///< it may wait for company
  };

  explicit Births(const Terms& terms) : terms_(terms) {}

  /// Something came from the broker; before the login that says nothing of the last connection.
  /// Instants are of a clock that goes on while the machine sleeps.
  void heard(Instant now) {
    if (up_) heard_ = now;
  }
  /// @param fresh the broker knows nothing of us, or not what we said elsewhere
  /// @return whether others may have been told that we were away
  bool logged_in(Instant now, bool fresh);
  /// The connection is over, or given up.
  void left() { up_ = false; }

  /// What a birth would say. Only while logged in does anything follow from it.
  Due due(Instant now, const Facts& facts) const;
  /// When it will be due for its age, or may be tried again; empty: not by time alone.
  std::optional<Instant> next_due() const;

  /// It is on its way.
  void told(Instant now, Facts facts);
  /// There was no room for it, or it was lost: not before `retry`.
  void failed(Instant retry);

 private:
  const Terms terms_;
  bool up_ = false;
  bool needed_ = true;  // what the broker has is wrong, or may be
  std::optional<Instant> heard_;
  std::optional<Instant> told_at_;
  std::optional<Instant> not_before_;
  Facts told_;
};

}  // namespace holdfast::presence
