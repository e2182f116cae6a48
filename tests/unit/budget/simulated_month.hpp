// A device with a budget in virtual time: what it wants to send, what the budget makes of it, and
// what the app is told.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "budget/meter.hpp"

namespace holdfast::budget {

using namespace std::chrono_literals;

inline constexpr Instant kBoot = Instant(5h);
inline constexpr auto kTick = std::chrono::seconds(15min);

inline std::uint64_t date_of(std::chrono::year_month_day day, std::chrono::seconds time = 0s) {
  return static_cast<std::uint64_t>(
      (std::chrono::sys_seconds(std::chrono::sys_days(day)) + time).time_since_epoch().count());
}

// Readings every 30 s at QoS 1 in batches, another stream of low priority, and now and then an
// alarm. Bytes as DESIGN's table has them: 231 a batch and its own for each reading.
struct Demand {
  double readings_per_tick = 30;
  double batches_per_tick = 3;  // max_delay of 5 minutes
  double low_bytes_per_tick = 1'000;
  double urgent_bytes_per_tick = 30;
  double retransmitted = 1.0;  // factor of a bad radio

  std::uint64_t bytes(const Pace& pace) const {
    double sum = 0;
    if (pace.admission < Admission::urgent_only) {
      sum += batches_per_tick / pace.batching_factor * 231 + readings_per_tick * 44;
    }
    if (pace.admission < Admission::all_but_low) sum += low_bytes_per_tick;
    if (pace.admission < Admission::nothing) sum += urgent_bytes_per_tick;
    return static_cast<std::uint64_t>(sum * retransmitted);
  }

  Demand times(double factor) const {
    return {readings_per_tick * factor, batches_per_tick * factor, low_bytes_per_tick * factor,
            urgent_bytes_per_tick, retransmitted};
  }
};

// What a month of 31 days takes of an unslowed `Demand`.
inline std::uint64_t month_of(const Demand& demand) {
  return demand.bytes({}) * static_cast<std::uint64_t>(31 * 24h / kTick);
}

class SimulatedDevice {
 public:
  explicit SimulatedDevice(const Budget& budget, std::optional<std::uint64_t> date = std::nullopt)
      : budget_(budget), meter_(budget), date_(date) {}

  Demand demand;
  bool knows_date = true;
  std::vector<Notice> notices;
  std::vector<Pace> paces;  // each change
  std::uint64_t wire = 0;   // bytes since the first boot
  std::size_t writes = 0;   // of the state
  std::uint64_t most_used = 0;

  Meter& meter() { return meter_; }
  std::uint64_t used() const { return meter_.state().used; }

  void run(std::chrono::seconds time) {
    for (auto left = time; left > 0s; left -= kTick) tick(kTick, demand.bytes(meter_.pace()));
  }

  void tick(std::chrono::seconds time, std::uint64_t bytes) {
    now_ += time;
    if (date_) *date_ += static_cast<std::uint64_t>(time.count());
    wire += bytes;
    total_ += bytes;
    look();
  }

  // What the clock says from now on.
  void set_date(std::optional<std::uint64_t> date) { date_ = date; }
  std::uint64_t date() const { return date_.value_or(0); }

  // The process ends in order and another begins after `away`, with a steady clock of its own.
  void restart(std::chrono::seconds away = 0s) {
    std::string why;
    meter_ = Meter(budget_, decode_state(encode_state(meter_.state()), why).value());
    total_ = 0;
    now_ = kBoot;
    if (date_) *date_ += static_cast<std::uint64_t>(away.count());
  }

  std::size_t count(EventKind kind, const std::string& part = "") const {
    std::size_t found = 0;
    for (const Notice& notice : notices) {
      if (notice.kind == kind && notice.detail.find(part) != std::string::npos) ++found;
    }
    return found;
  }

 private:
  void look() {
    const Pace before = meter_.pace();
    meter_.update(total_, knows_date ? date_ : std::nullopt, now_);
    for (Notice& notice : meter_.take_notices()) notices.push_back(std::move(notice));
    if (meter_.pace() != before) paces.push_back(meter_.pace());
    most_used = std::max(most_used, used());
    if (!meter_.wants_keeping()) return;
    ++writes;
    meter_.kept();
  }

  Budget budget_;
  Meter meter_;
  std::optional<std::uint64_t> date_;
  Instant now_ = kBoot;
  std::uint64_t total_ = 0;
};

}  // namespace holdfast::budget
