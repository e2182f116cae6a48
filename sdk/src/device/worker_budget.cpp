// The worker's part in the budget: what is counted, how often, and what follows when a hard stop
// was asked for.

#include "device/worker.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

// To ask the kernel for its counters with each packet would cost more than the answer is worth.
constexpr auto kLook = 1s;

}  // namespace

void Worker::look_at_budget() {
  if (!settings_.options.budget) return;
  if (budget_looked_at_ && now() < *budget_looked_at_ + kLook) {
    budget_due_ = *budget_looked_at_ + kLook;
    return;
  }
  budget_due_.reset();
  budget_looked_at_ = now();
  if (link_) ledger_.note_connection(link_->bill(), link_->carried(), now());
  budget_.update(ledger_.ip_bytes(), now());
  // Whoever is dialled next: `why_not_dial` has the same answer until the month turns.
  if (budget_.stops() && up_) renew(budget_.why_stopped().detail);
}

}  // namespace holdfast::device
