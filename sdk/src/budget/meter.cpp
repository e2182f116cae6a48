#include "budget/meter.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>
#include <holdfast/version.hpp>

#include "budget/billing_month.hpp"

namespace holdfast::budget {
namespace {

using namespace std::chrono_literals;

// What the app was told this month.
constexpr std::uint32_t kToldHalf = 1;
constexpr std::uint32_t kToldFourFifths = 2;
constexpr std::uint32_t kToldAll = 4;
constexpr std::uint32_t kToldProjection = 8;

constexpr auto kLongestMonth = std::chrono::seconds(31 * 24h);
// Before so much of a month is over, one busy hour would make a projection of anything.
constexpr double kProjectedFrom = 0.1;
// A clock that is corrected by less than this does not take the device back to the month before.
constexpr std::uint64_t kCorrection = 3'600;
// While what can wait is slowed: how often it is asked whether it has waited enough.
constexpr auto kSlowedLook = 15min;
// A date is looked at again after this, however far the month's end: it may have been set.
constexpr auto kFarLook = std::chrono::seconds(24h);

std::string text_of(const Pace& pace) {
  std::string text =
      pace.batching_factor == 1
          ? "delay budgets are as the app has set them"
          : "delay budgets are stretched " + std::to_string(pace.batching_factor) + " times";
  if (pace.admission == Admission::all_but_low) text += ", and low priority waits";
  if (pace.admission == Admission::urgent_only) text += ", and all but urgent messages wait";
  if (pace.admission == Admission::nothing) text = "nothing is sent until the month turns";
  return text;
}

}  // namespace

Meter::Meter(const Budget& budget, const BudgetState& kept)
    : budget_(budget), state_(kept), kept_(kept) {
  measure_month();
}

void Meter::measure_month() {
  month_length_ = kLongestMonth;
  if (state_.month_begins == 0) return;
  const BillingMonth month = billing_month_of(state_.month_begins, budget_.billing_day);
  month_length_ = std::chrono::seconds(static_cast<std::int64_t>(month.ends - month.begins));
}

void Meter::update(std::uint64_t total, std::optional<std::uint64_t> date, Instant now) {
  count(total);
  run_on(updated_ ? std::max(now - *updated_, Duration::zero()) : Duration::zero());
  updated_ = now;
  if (!kept_at_) kept_at_ = now;
  // The SDK itself is younger than any time before its release: such a clock is wrong.
  if (date && *date >= kReleaseTime) anchor_ = Anchor{*date, now};
  if (const auto known = date_at(now)) place(*known);
  tell_used();
  tell_projection();
  change_pace();
}

void Meter::count(std::uint64_t total) {
  const std::uint64_t more = total >= total_ ? total - total_ : total;
  total_ = total;
  state_.used += more;
  state_.undated += more;
}

std::optional<std::uint64_t> Meter::date_at(Instant now) const {
  if (!anchor_) return std::nullopt;
  const auto since = std::chrono::floor<std::chrono::seconds>(now - anchor_->at).count();
  return anchor_->date + static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0));
}

void Meter::run_on(Duration time) {
  running_ += time;
  const auto whole = std::chrono::floor<std::chrono::seconds>(running_);
  running_ -= whole;
  state_.elapsed = std::min(state_.elapsed + whole, month_length_);
}

// Only here a month turns.
void Meter::place(std::uint64_t date) {
  const BillingMonth month = billing_month_of(date, budget_.billing_day);
  const bool is_correction =
      date < state_.month_begins && date + kCorrection >= state_.month_begins;
  if (state_.month_begins == 0) {
    state_.month_begins = month.begins;
    important_ = true;
  } else if (month.begins > state_.month_begins) {
    turn(month.begins);
  } else if (month.begins < state_.month_begins && !is_correction) {
    turn_back(month.begins);
  }
  measure_month();
  state_.undated = 0;
  state_.elapsed = std::chrono::seconds(
      date > state_.month_begins ? static_cast<std::int64_t>(date - state_.month_begins) : 0);
}

void Meter::turn(std::uint64_t month_begins) {
  // On which side of the turn the undated bytes were sent is not known: they count in the month
  // that can still be kept to.
  state_.used -= state_.undated;
  notices_.push_back({EventKind::budget_renewed,
                      "a new billing month has begun; the last one took " + of_the_allowance()});
  state_.last_month_begins = std::exchange(state_.month_begins, month_begins);
  state_.last_month_used = std::exchange(state_.used, state_.undated);
  state_.last_month_told = std::exchange(state_.told, 0);
  important_ = true;
}

// The clock was ahead, and a month may have turned too early; or the billing day was changed. If it
// was that month, its count goes on; of an earlier one nothing is known, and what was counted since
// is kept.
void Meter::turn_back(std::uint64_t month_begins) {
  if (month_begins == state_.last_month_begins) {
    state_.used += std::exchange(state_.last_month_used, 0);
    state_.told |= std::exchange(state_.last_month_told, 0);
    state_.last_month_begins = 0;
  }
  state_.month_begins = month_begins;
  important_ = true;
}

double Meter::elapsed_share() const {
  return static_cast<double>(state_.elapsed.count()) / static_cast<double>(month_length_.count());
}

std::optional<std::uint64_t> Meter::projection() const {
  const double elapsed = elapsed_share();
  if (!anchor_ || elapsed < kProjectedFrom) return std::nullopt;
  return static_cast<std::uint64_t>(static_cast<double>(state_.used) / std::min(elapsed, 1.0));
}

std::string Meter::of_the_allowance() const {
  const auto percent = static_cast<std::uint64_t>(100.0 * static_cast<double>(state_.used) /
                                                  static_cast<double>(budget_.bytes_per_month));
  return std::to_string(state_.used) + " of " + std::to_string(budget_.bytes_per_month) +
         " bytes (" + std::to_string(percent) + " %)";
}

void Meter::tell_used() {
  std::uint32_t reached = 0;
  if (state_.used >= budget_.bytes_per_month / 2) reached |= kToldHalf;
  if (state_.used >= budget_.bytes_per_month / 5 * 4) reached |= kToldFourFifths;
  if (state_.used >= budget_.bytes_per_month) reached |= kToldAll;
  if ((reached & ~state_.told) == 0) return;
  state_.told |= reached;
  important_ = true;
  std::string text = "the month has taken " + of_the_allowance();
  if (anchor_) {
    text += ", and " + std::to_string(static_cast<unsigned>(100.0 * elapsed_share())) +
            " % of it are over";
  } else {
    text +=
        "; nobody knows the date, so the month does not turn: tell it with set_time, or "
        "synchronise the system's clock";
  }
  if ((reached & kToldAll) != 0 && budget_.used_up == UsedUp::urgent_only) {
    text += "; urgent messages go on, beyond the allowance";
  }
  notices_.push_back({EventKind::budget_used, std::move(text)});
}

void Meter::tell_projection() {
  const auto expected = projection();
  if (!expected || *expected <= budget_.bytes_per_month || (state_.told & kToldProjection) != 0) {
    return;
  }
  state_.told |= kToldProjection;
  important_ = true;
  notices_.push_back({EventKind::budget_projection,
                      "if it goes on like this, the month will take " + std::to_string(*expected) +
                          " bytes, and " + std::to_string(budget_.bytes_per_month) +
                          " are allowed; send less, or raise max_delay so that messages share "
                          "packets"});
}

void Meter::change_pace() {
  const unsigned next = next_step(state_.step, budget_, state_.used, elapsed_share());
  if (next == state_.step) return;
  const bool slower = next > state_.step;
  state_.step = next;
  notices_.push_back(
      {EventKind::budget_pace, (slower ? "more was used than the month allows so far: "
                                       : "the month has caught up with what was used: ") +
                                   text_of(pace_of(next))});
}

BudgetStatus Meter::status() const {
  BudgetStatus status{.allowance = budget_.bytes_per_month,
                      .used = state_.used,
                      .projection = projection(),
                      .renews = std::nullopt,
                      .batching_factor = pace().batching_factor,
                      .admission = pace().admission};
  if (anchor_)
    status.renews = state_.month_begins + static_cast<std::uint64_t>(month_length_.count());
  return status;
}

std::vector<Notice> Meter::take_notices() {
  return std::exchange(notices_, {});
}

std::optional<Instant> Meter::next_look() const {
  if (!updated_) return std::nullopt;
  std::optional<Instant> next;
  if (anchor_) next = *updated_ + std::clamp(month_length_ - state_.elapsed, 1s, kFarLook);
  const bool time_helps = state_.step > 0 && pace().admission < Admission::urgent_only;
  if (time_helps) next = std::min(next.value_or(Instant::max()), *updated_ + kSlowedLook);
  return next;
}

bool Meter::wants_keeping() const {
  if (state_ == kept_) return false;
  const std::uint64_t step = budget_.bytes_per_month / 100 * limits::kBudgetKeepPercent;
  if (important_ || state_.used >= kept_.used + step) return true;
  return updated_ && *updated_ - *kept_at_ >= limits::kBudgetKeepTime;
}

void Meter::kept() {
  kept_ = state_;
  kept_at_ = updated_;
  important_ = false;
}

}  // namespace holdfast::budget
