// The worker's part in the budget: what is counted, how often, and what follows when a hard stop
// was asked for.

#include "device/bill.hpp"
#include "device/worker.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

// To ask the kernel for its counters with each packet would cost more than the answer is worth.
constexpr auto kLook = 1s;

}  // namespace

std::uint64_t Worker::ip_bytes() const {
  Ledger all = ledger_;
  if (link_) add_to(all, link_->bill());
  return all.ip_bytes();
}

void Worker::look_at_budget() {
  if (!settings_.options.budget) return;
  if (budget_looked_at_ && now() < *budget_looked_at_ + kLook) {
    budget_due_ = *budget_looked_at_ + kLook;
    return;
  }
  budget_due_.reset();
  budget_looked_at_ = now();
  budget_.update(ip_bytes(), now());
  // Whoever is dialled next: `why_not_dial` has the same answer until the month turns.
  if (budget_.stops() && up_) renew(budget_.why_stopped().detail);
}

}  // namespace holdfast::device
