#include "device/trusted_time.hpp"

#include <sys/timex.h>

namespace holdfast::device {
namespace {

std::optional<std::uint64_t> count_ms(std::chrono::system_clock::time_point wall) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(wall.time_since_epoch()).count();
  if (ms <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(ms);
}

}  // namespace

std::optional<std::uint64_t> synchronised_system_time() {
  timex state{};
  if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0) return std::nullopt;
  return count_ms(std::chrono::system_clock::now());
}

void TrustedTime::set(std::chrono::system_clock::time_point wall, Instant now) {
  if (const auto ms = count_ms(wall)) known_ = Known{*ms, now};
}

std::optional<std::uint64_t> TrustedTime::milliseconds(Instant now) const {
  if (!known_) return system_();
  const auto since = std::chrono::floor<std::chrono::milliseconds>(now - known_->at).count();
  return known_->milliseconds + static_cast<std::uint64_t>(since > 0 ? since : 0);
}

std::optional<std::uint64_t> TrustedTime::seconds(Instant now) const {
  const auto ms = milliseconds(now);
  if (!ms) return std::nullopt;
  return *ms / 1'000;
}

}  // namespace holdfast::device
