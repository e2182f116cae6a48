// The thread on which an app's handlers run, one at a time and in order. In a test's world there is
// none: they run when the world gets to them.
//
// What waits for it is bounded by kind: messages by number and bytes, events by number. The
// notices of `on_done` are bounded by the outbox: there is one for each accepted message.
//
// Threads: any, but `finish` once.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/surroundings.hpp"

namespace holdfast::device {

class Dispatcher final : private Task {
 public:
  using Job = std::function<void()>;
  /// Told what a handler that threw has said; runs on the dispatcher's thread.
  using Complaint = std::function<void(std::string)>;

  explicit Dispatcher(Complaint complaint, Surroundings& surroundings = system_surroundings());
  ~Dispatcher();

  /// @return false if the bound is reached, and the job was not taken.
  bool post_message(std::size_t bytes, Job job);
  bool post_event(Job job);
  void post_notice(Job job);

  bool is_this_thread() const { return std::this_thread::get_id() == running_on_; }

  /// Runs what waits, takes nothing more, and ends the thread. Waits for it unless called from it.
  void finish();

  /// What waits is dropped, and nothing more taken: as when the process dies. Without a thread
  /// only.
  void discard();

 private:
  enum class Kind { message, event, notice };
  struct Item {
    Kind kind;
    std::size_t bytes;
    Job job;
  };

  bool post(Kind kind, std::size_t bytes, Job job);
  void run();
  void run_first(std::unique_lock<std::mutex>& lock);
  bool step() override;
  std::optional<Instant> next_step() override { return std::nullopt; }

  Complaint complaint_;
  Driver* const driver_;
  std::atomic<std::thread::id> running_on_;  // the thread; without one, while a job runs
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::size_t messages_ = 0;
  std::size_t message_bytes_ = 0;
  std::size_t events_ = 0;
  bool finishing_ = false;
  std::thread thread_;  // last: it starts when everything else stands
};

}  // namespace holdfast::device
