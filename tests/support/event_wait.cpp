#include "support/event_wait.hpp"

#include <poll.h>

#include <ctime>

namespace holdfast::test {

bool eventually(const std::function<bool()>& predicate, std::chrono::milliseconds bound) {
  constexpr long kPauseNanoseconds = 2'000'000;
  const auto deadline = std::chrono::steady_clock::now() + bound;
  while (true) {
    if (predicate()) return true;
    // After the look: whoever was late still gets one look at the deadline.
    if (std::chrono::steady_clock::now() >= deadline) return false;
    const timespec pause{.tv_sec = 0, .tv_nsec = kPauseNanoseconds};
    ::ppoll(nullptr, 0, &pause, nullptr);
  }
}

}  // namespace holdfast::test
