#include "session/idle_interval.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::session {
namespace {

using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr unsigned kGrowAfter = 2;
constexpr unsigned kForgetAfter = 24;
constexpr unsigned kMostDeaths = 5;  // 24 · 2⁴ periods: at 15 min each, four days

seconds whole(Duration time) {
  return std::chrono::duration_cast<seconds>(time);
}

// Within a tenth of each other: the same timer of the same proxy, and not two accidents.
bool nearly_the_same(seconds one, seconds other) {
  const auto [less, more] = std::minmax(one, other);
  return more - less <= std::max<seconds>(more / 10, 1s);
}

}  // namespace

void IdleRecord::bound() {
  probe = std::clamp(probe, limits::kMinProbeInterval, limits::kMaxProbeInterval);
  ceiling = std::clamp(ceiling, seconds(0), limits::kMaxProbeInterval);
  closed_at = std::clamp(closed_at, seconds(0), limits::kMaxProbeInterval);
  if (ping != 0s) ping = std::clamp(ping, limits::kMinPingInterval, limits::kMaxProbeInterval);
  deaths = std::min(deaths, kMostDeaths);
  survived = std::min(survived, forget_after());
}

unsigned IdleRecord::forget_after() const {
  return deaths == 0 ? kForgetAfter : kForgetAfter << (deaths - 1);
}

void IdleRecord::grow() {
  seconds next = probe * 3 / 2;
  if (ceiling == 0s) deaths = 0;  // the try went well
  if (ceiling != 0s && next >= ceiling) {
    if (survived >= forget_after()) {
      ceiling = 0s;  // networks change: it is tried again
    } else {
      next = std::max(probe, ceiling * 9 / 10);
    }
  }
  next = std::min<seconds>(next, limits::kMaxProbeInterval);
  if (next == probe) return;
  probe = next;
  survived = 0;
}

void IdleRecord::line_survived(Duration idle) {
  if (ping != 0s && idle >= ping * 9 / 10 && idle < probe) {
    // The same patience for the proxy's limit, which may be gone.
    if (++survived >= forget_after()) {
      ping = closed_at = 0s;
      survived = 0;
    }
    return;
  }
  if (idle < probe * 9 / 10) return;
  // A longer silence than was asked for: that is proof enough.
  const seconds proven = std::min<seconds>(whole(idle), limits::kMaxProbeInterval);
  if (proven > probe) probe = proven;
  if (ceiling != 0s && probe >= ceiling) ceiling = 0s;
  survived = std::min(survived + 1, forget_after());
  if (survived >= kGrowAfter) grow();
}

void IdleRecord::line_died(Duration idle) {
  // Shorter silences kill no mapping; there are other reasons for a line to die.
  if (idle < limits::kMinProbeInterval / 2) return;
  const seconds deadly = std::min<seconds>(whole(idle), limits::kMaxProbeInterval);
  ceiling = ceiling == 0s ? deadly : std::min(ceiling, deadly);
  survived = 0;
  deaths = std::min(deaths + 1, kMostDeaths);
  // A silence that no probe was meant to end says nothing against the interval.
  if (idle > probe * 3 / 2) return;
  probe = std::max<seconds>(std::min(probe, deadly) * 3 / 5, limits::kMinProbeInterval);
}

void IdleRecord::line_closed(Duration idle) {
  const seconds at = std::min<seconds>(whole(idle), limits::kMaxProbeInterval);
  if (at < limits::kMinPingInterval / 2) return;
  if (closed_at != 0s && nearly_the_same(at, closed_at)) {
    ping = std::max<seconds>(std::min(at, closed_at) * 4 / 5, limits::kMinPingInterval);
    survived = 0;
  }
  closed_at = at;
}

IdleRecord& IdleRecords::of(std::uint64_t network) {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [network](const Row& row) { return row.network == network; });
  if (found == rows_.end()) {
    rows_.insert(rows_.begin(), Row{.network = network, .record = {}});
    if (rows_.size() > limits::kLearnedNetworks) rows_.pop_back();
  } else {
    std::rotate(rows_.begin(), found, found + 1);
  }
  return rows_.front().record;
}

std::chrono::seconds IdleRecords::ping_of(std::uint64_t network) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [network](const Row& row) { return row.network == network; });
  return found == rows_.end() ? seconds(0) : found->record.ping;
}

void IdleRecords::restore(std::vector<Row> rows) {
  rows_.clear();
  for (Row& row : rows) {
    const bool known = std::any_of(rows_.begin(), rows_.end(), [&row](const Row& other) {
      return other.network == row.network;
    });
    if (known || rows_.size() >= limits::kLearnedNetworks) continue;
    row.record.bound();
    rows_.push_back(std::move(row));
  }
}

}  // namespace holdfast::session
