// The thread on which an app's handlers run, one at a time and in order.
//
// What waits for it is bounded by kind: messages by number and bytes, events by number. The
// notices of `on_done` are bounded by the outbox: there is one for each accepted message.
//
// Threads: any, but `finish` once.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace holdfast::device {

class Dispatcher {
 public:
  using Job = std::function<void()>;
  /// Told what a handler that threw has said; runs on the dispatcher's thread.
  using Complaint = std::function<void(std::string)>;

  explicit Dispatcher(Complaint complaint);
  ~Dispatcher();

  /// @return false if the bound is reached, and the job was not taken.
  bool post_message(std::size_t bytes, Job job);
  bool post_event(Job job);
  void post_notice(Job job);

  bool is_this_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  /// Runs what waits, takes nothing more, and ends the thread. Waits for it unless called from it.
  void finish();

 private:
  enum class Kind { message, event, notice };
  struct Item {
    Kind kind;
    std::size_t bytes;
    Job job;
  };

  bool post(Kind kind, std::size_t bytes, Job job);
  void run();

  Complaint complaint_;
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
