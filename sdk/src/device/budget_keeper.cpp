#include "device/budget_keeper.hpp"

#include <utility>

#include "budget/budget_state.hpp"
#include "device/kept.hpp"

namespace holdfast::device {
namespace {

constexpr unsigned kStateFormat = 1;

}  // namespace

BudgetKeeper::BudgetKeeper(const Settings& settings, Shared& shared, const TrustedTime& time)
    : shared_(shared), time_(time) {
  if (!settings.options.budget) return;
  slots_ = slots_in(settings, "budget", kStateFormat);
  if (!slots_) {
    remark_ = "there is no state_dir: the budget begins anew with each start of the device";
  }
  meter_.emplace(*settings.options.budget,
                 load_kept(slots_, budget::decode_state, "the stored budget is",
                           "the month begins at nothing", remark_)
                     .value_or(budget::BudgetState()));
  slow_down();
}

// The outbox and whoever fills it go by the pace that is in force.
void BudgetKeeper::slow_down() {
  shared_.batching_factor = meter_->pace().batching_factor;
  shared_.outbox.admit(meter_->pace().admission);
}

void BudgetKeeper::update(std::uint64_t ip_bytes, Instant now) {
  if (!meter_) return;
  if (!remark_.empty()) shared_.emit(EventKind::warning, {}, std::exchange(remark_, {}));
  meter_->update(ip_bytes, time_.seconds(now), now);
  slow_down();
  for (budget::Notice& notice : meter_->take_notices()) {
    shared_.emit(notice.kind, {}, std::move(notice.detail));
  }
  if (meter_->wants_keeping()) keep();
}

void BudgetKeeper::finish(std::uint64_t ip_bytes, Instant now) {
  if (!meter_) return;
  update(ip_bytes, now);
  keep();
}

// A count that cannot be written goes on in memory: told once, and tried again at the next step.
void BudgetKeeper::keep() {
  if (slots_) {
    if (const Failure failure = slots_->store(budget::encode_state(meter_->state()))) {
      shared_.emit(EventKind::warning, failure.error, "the budget: " + failure.detail);
    }
  }
  meter_->kept();
}

Failure BudgetKeeper::why_stopped() const {
  const BudgetStatus status = meter_->status();
  return {Errc::budget_used_up, "the month has taken " + std::to_string(status.used) + " of " +
                                    std::to_string(status.allowance) +
                                    " bytes; it goes on with the next month, or with a larger "
                                    "budget.bytes_per_month"};
}

std::optional<Instant> BudgetKeeper::next_look() const {
  return meter_ ? meter_->next_look() : std::nullopt;
}

std::optional<BudgetStatus> BudgetKeeper::status() const {
  if (!meter_) return std::nullopt;
  return meter_->status();
}

}  // namespace holdfast::device
