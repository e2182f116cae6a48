#include "budget/pace.hpp"

#include <algorithm>
#include <array>

#include <holdfast/limits.hpp>

namespace holdfast::budget {
namespace {

constexpr unsigned kUrgentOnly = 5;
constexpr unsigned kNothing = 6;

constexpr double kHeadStart = 0.1;
// Where the line ends, so that what comes in the last hours still has room.
constexpr double kAimedAt = 0.98;
// What is left is taken for no less than this: in a month's last hours a single message would be
// much of it.
constexpr double kLeastLeft = 0.05;
// Of steps 1 to 4: above which excess they are entered, and below which they are left.
constexpr std::array kEntered{0.0, 0.05, 0.10, 0.20};
constexpr std::array kLeft{-0.02, 0.0, 0.05, 0.10};

}  // namespace

Pace pace_of(unsigned step) {
  if (step == 0) return {};
  Pace pace{.batching_factor = std::min(1U << std::min(step, 3U), limits::kMaxBatchingFactor)};
  if (step >= 4) pace.admission = Admission::all_but_low;
  if (step >= kUrgentOnly) pace.admission = Admission::urgent_only;
  if (step >= kNothing) pace.admission = Admission::nothing;
  return pace;
}

unsigned next_step(unsigned step, const Budget& budget, std::uint64_t used, double elapsed) {
  if (used >= budget.bytes_per_month && budget.used_up == UsedUp::stop) return kNothing;
  const std::uint64_t for_all = budget.bytes_per_month - budget.reserve_for_urgent;
  if (used >= for_all) return kUrgentOnly;

  const double share = static_cast<double>(used) / static_cast<double>(for_all);
  const double line = kHeadStart + (kAimedAt - kHeadStart) * std::clamp(elapsed, 0.0, 1.0);
  const double excess = (share - line) / std::max(1.0 - share, kLeastLeft);
  unsigned next = std::min<unsigned>(step, kEntered.size());
  while (next < kEntered.size() && excess > kEntered[next]) ++next;
  while (next > 0 && excess < kLeft[next - 1]) --next;
  return next;
}

std::chrono::milliseconds stretch(std::chrono::milliseconds max_delay,
                                  std::chrono::milliseconds ttl, unsigned factor) {
  using namespace std::chrono_literals;
  std::chrono::milliseconds most = 24h;
  if (ttl > 0ms) most = std::min(most, ttl / 2);
  return std::max(max_delay, std::min(max_delay * factor, most));
}

}  // namespace holdfast::budget
