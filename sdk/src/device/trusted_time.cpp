#include "device/trusted_time.hpp"

#include <sys/timex.h>

#include <ctime>

namespace holdfast::device {

std::optional<std::uint64_t> synchronised_system_time() {
  timex state{};
  if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0) return std::nullopt;
  const std::time_t now = std::time(nullptr);
  if (now <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(now);
}

void TrustedTime::set(std::chrono::system_clock::time_point wall, Instant now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch()).count();
  if (seconds > 0) known_ = Known{static_cast<std::uint64_t>(seconds), now};
}

std::optional<std::uint64_t> TrustedTime::seconds(Instant now) const {
  if (!known_) return system_();
  const auto since = std::chrono::floor<std::chrono::seconds>(now - known_->at).count();
  return known_->seconds + static_cast<std::uint64_t>(since > 0 ? since : 0);
}

}  // namespace holdfast::device
