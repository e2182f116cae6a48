#include "session/backoff.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::session {

BackoffTimer::BackoffTimer(const Backoff& options, Random random)
    : options_(options), random_(std::move(random)) {}

Duration BackoffTimer::bound() const {
  auto bound = options_.base;
  for (unsigned n = 0; n < attempts_ && bound < options_.cap; ++n) bound *= 2;
  return std::min(bound, options_.cap);
}

Duration BackoffTimer::next_above(Duration floor, Duration least_bound) {
  while (bound() < std::min<Duration>(least_bound, options_.cap)) ++attempts_;
  return between(floor, std::max(floor, bound()));
}

Duration BackoffTimer::between(Duration least, Duration most) {
  ++attempts_;
  return least + std::chrono::duration_cast<Duration>((most - least) * random_());
}

}  // namespace holdfast::session
