#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace holdfast::test {

// EventLog collects events of any thread in the order of their arrival and lets
// a test wait, with a bound, until what has come so far satisfies it. Every
// member may be called from any thread. Beyond `capacity` events new ones are
// only counted (dropped()), so that a runaway sender cannot eat the memory.
template <class T>
class EventLog {
 public:
  explicit EventLog(std::size_t capacity = 1'000'000) : capacity_(capacity) {}

  void append(T event) {
    {
      const std::lock_guard lock(mutex_);
      if (events_.size() >= capacity_) {
        ++dropped_;
        return;
      }
      events_.push_back(std::move(event));
    }
    changed_.notify_all();
  }

  // wait_for is true as soon as `predicate` holds for all events so far, and
  // false when it does not within `bound`. The predicate gets a
  // `const std::vector<T>&`, runs under the lock, and must not use this log.
  template <class Predicate>
  bool wait_for(Predicate predicate, std::chrono::milliseconds bound) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, bound, [&] { return predicate(std::as_const(events_)); });
  }

  // wait_for_count is wait_for at least `count` events.
  bool wait_for_count(std::size_t count, std::chrono::milliseconds bound) const {
    return wait_for([count](const std::vector<T>& events) { return events.size() >= count; },
                    bound);
  }

  std::vector<T> all() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return events_.size();
  }

  std::size_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    events_.clear();
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<T> events_;
  std::size_t dropped_ = 0;
};

// eventually is true as soon as `predicate` holds, and false when it does not
// within `bound`; it looks again every 2 ms. It is legitimate only where the
// system offers no event to wait on: counts below /proc, the allocator's
// statistics, the size of a file, an atomic counter of foreign code. Where there
// is a callback, a log line or a socket, wait for that.
bool eventually(const std::function<bool()>& predicate, std::chrono::milliseconds bound);

}  // namespace holdfast::test
