// The month's bytes against its allowance: how much is used, how much that slows, and what the app
// is told. Pure: totals and times in, decisions out.
//
// The month turns only by a date that somebody vouches for. Without one the bytes go on to be
// counted, and of the month as much is taken to be over as the device has been running for: less
// than the truth, so that too little is sent rather than too much.
//
// Threads: one at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/event.hpp>
#include <holdfast/options.hpp>
#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "budget/budget_state.hpp"
#include "budget/pace.hpp"

namespace holdfast::budget {

/// Something that the app is told.
struct Notice {
  EventKind kind = EventKind::budget_used;
  std::string detail;
};

class Meter {
 public:
  /// @param budget checked already
  /// @param kept   what the last process left
  explicit Meter(const Budget& budget, const BudgetState& kept = {});

  /// @param total  IP bytes of both ways as they grow, from 0 when the meter is made. One that is
  ///               below the last means that counting has begun anew
  /// @param date   seconds since 1970, if anybody vouches for it. Inside one process the steady
  ///               clock goes on from the last one
  void update(std::uint64_t total, std::optional<std::uint64_t> date, Instant now);

  Pace pace() const { return pace_of(state_.step); }
  BudgetStatus status() const;
  /// Takes what has come up since the last call.
  std::vector<Notice> take_notices();

  /// When `update` should be called even if nothing was sent; empty: no time matters.
  std::optional<Instant> next_look() const;

  const BudgetState& state() const { return state_; }
  /// Whether the state should be written down now.
  bool wants_keeping() const;
  /// It was.
  void kept();

 private:
  struct Anchor {
    std::uint64_t date;
    Instant at;
  };

  void count(std::uint64_t total);
  std::optional<std::uint64_t> date_at(Instant now) const;
  void run_on(Duration time);
  void place(std::uint64_t date);
  void turn(std::uint64_t month_begins);
  void turn_back(std::uint64_t month_begins);
  void measure_month();
  double elapsed_share() const;
  std::optional<std::uint64_t> projection() const;
  void tell_used();
  void tell_projection();
  void change_pace();
  std::string of_the_allowance() const;

  Budget budget_;
  BudgetState state_;
  BudgetState kept_;
  bool important_ = false;  // what must not be lost has changed since it was kept
  std::uint64_t total_ = 0;
  std::optional<Anchor> anchor_;  // the last date that somebody vouched for
  std::chrono::seconds month_length_{};
  std::optional<Instant> updated_;
  std::optional<Instant> kept_at_;
  Duration running_{};  // not yet a whole second of `state_.elapsed`
  std::vector<Notice> notices_;
};

}  // namespace holdfast::budget
