#include "bench/feed.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <thread>

namespace holdfast::bench {

using namespace std::chrono_literals;

Feed::Feed(const Arguments& arguments)
    : rows_(arguments.number("rows", SIZE_MAX)),
      time_(arguments.number("rows", 0) > 0 ? 24h
                                            : std::chrono::seconds(arguments.number("seconds", 3))),
      pace_(static_cast<double>(arguments.number("pace", 0))) {
  microseconds_.resize(1 << 20U);  // all that is needed as a rule, and not counted as a backlog's
  microseconds_.clear();
}

void Feed::run(const std::function<void()>& ready, const std::function<void()>& publish) {
  start_ = Clock::now();
  Clock::time_point at = start_;
  while (calls() < rows_ && at - start_ < time_) {
    if (pace_ > 0) {
      const std::chrono::duration<double> due(static_cast<double>(calls()) / pace_);
      std::this_thread::sleep_until(start_ + std::chrono::duration_cast<Clock::duration>(due));
    }
    ready();
    at = Clock::now();
    publish();
    const std::chrono::duration<float, std::micro> took = Clock::now() - at;
    microseconds_.push_back(took.count());
  }
}

double Feed::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

std::vector<double> Feed::percentiles() {
  std::sort(microseconds_.begin(), microseconds_.end());
  const auto at = [this](double share) {
    const auto last = static_cast<double>(calls() - 1);
    return static_cast<double>(microseconds_[static_cast<std::size_t>(std::ceil(share * last))]);
  };
  return {at(0.5), at(0.99), at(1)};
}

}  // namespace holdfast::bench
