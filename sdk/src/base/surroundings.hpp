// What the SDK takes from the process around it, the network apart: time, chance, and threads.
//
// A device of an app has the system's: real clocks, and a thread for each task. A device of a
// test's world (testing/world_state.hpp) has the world's: a clock that stands still until the test
// moves it, and one thread, the test's own, that does all tasks step by step.
//
// Threads: `now` and `draw` any; the rest as said.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace holdfast {

/// Work that goes on beside the callers: on a thread of its own, or driven.
class Task {
 public:
  /// Does one piece of what is due. @return false: nothing is
  virtual bool step() = 0;
  /// When a piece is due by time alone; empty: not before something happens.
  virtual std::optional<Instant> next_step() = 0;

 protected:
  virtual ~Task() = default;
};

/// Does tasks without threads, and moves the time. Threads: its own only.
class Driver {
 public:
  /// @param what it is, for a person
  virtual void add(Task& task, std::string_view what) = 0;
  virtual void remove(Task& task) = 0;
  /// Does what is due, and lets time pass, until `done` or the deadline; without anything to wait
  /// for it returns before an endless one. @return done()
  virtual bool run_until(Instant deadline, const std::function<bool()>& done) = 0;

 protected:
  virtual ~Driver() = default;
};

class Surroundings {
 public:
  virtual ~Surroundings() = default;

  virtual Instant now() const = 0;
  /// A random number of 64 bits. @throws std::runtime_error if the system has none
  virtual std::uint64_t draw() = 0;
  /// Null: every task has a thread.
  virtual Driver* driver() { return nullptr; }

  /// Waits until `done`, which is looked at when `changed` tells, or the deadline. @return done()
  template <class Done>
  bool wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, Instant deadline,
            Done done) {
    if (Driver* own = driver()) {
      lock.unlock();
      own->run_until(deadline, [&] {
        const std::lock_guard look(*lock.mutex());
        return done();
      });
      lock.lock();
      return done();
    }
    if (deadline != Instant::max()) return changed.wait_until(lock, deadline, std::move(done));
    changed.wait(lock, std::move(done));
    return true;
  }
};

/// The system's own. It has no state.
Surroundings& system_surroundings();

}  // namespace holdfast
