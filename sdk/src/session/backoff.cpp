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

Duration BackoffTimer::next() {
  const auto wait = std::chrono::duration_cast<Duration>(bound() * random_());
  ++attempts_;
  return wait;
}

Duration BackoffTimer::next_slow() {
  while (bound() < options_.cap) ++attempts_;
  return std::max<Duration>(next(), options_.cap / 10);
}

}  // namespace holdfast::session
