#include "session/holding.hpp"

#include <algorithm>

namespace holdfast::session {
namespace {

using namespace std::chrono_literals;

constexpr double kWeight = 0.25;

void blend(std::optional<double>& mean, double value) {
  mean = mean ? *mean + kWeight * (value - *mean) : value;
}

// How many periods of `each` fall within `silence`, not counting one at its very end.
std::uint64_t count_within(Duration silence, std::chrono::seconds each) {
  if (each <= 0s || silence <= each) return 0;
  return static_cast<std::uint64_t>((silence - Duration(1)) / Duration(each));
}

}  // namespace

HoldingVerdict weigh(const HoldingCosts& costs) {
  const std::uint64_t pings = count_within(costs.silence, costs.keep_alive);
  // Pings that the broker demands hold the line as well, if they come often enough.
  const bool pings_hold = costs.keep_alive > 0s && costs.keep_alive <= costs.probe;
  const std::uint64_t probes = pings_hold ? 0 : count_within(costs.silence, costs.probe);
  HoldingVerdict verdict;
  verdict.held_bytes = pings * limits::kPingIpBytes + probes * limits::kProbeIpBytes;
  if (verdict.held_bytes > costs.away_bytes) {
    verdict.holding = Holding::given_up;
  } else if (probes > 0) {
    verdict.holding = Holding::probed;
  }
  return verdict;
}

void SetupCost::measured(std::uint64_t ip_bytes, Duration time) {
  if (ip_bytes > 0) blend(ip_bytes_, static_cast<double>(ip_bytes));
  blend(seconds_, std::chrono::duration<double>(time).count());
}

std::uint64_t SetupCost::away_bytes() const {
  return limits::kCloseIpBytes +
         (ip_bytes_ ? static_cast<std::uint64_t>(*ip_bytes_) : limits::kSetupIpBytes);
}

Duration SetupCost::lead() const {
  if (!seconds_) return limits::kFirstDialLead;
  const std::chrono::duration<double> twice(2 * *seconds_);
  return std::clamp<Duration>(std::chrono::duration_cast<Duration>(twice), limits::kMinDialLead,
                              limits::kMaxDialLead);
}

}  // namespace holdfast::session
