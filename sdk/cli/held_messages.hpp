// Series that came before their layout: they wait a moment for it, because a broker sends the
// retained messages of one subscription after those of the other.
//
// Threads: one at a time.

#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <holdfast/message.hpp>

namespace holdfast::cli {

class HeldMessages {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// A round trip on a bad link.
  static constexpr auto kWait = std::chrono::seconds(2);
  static constexpr std::size_t kMessages = 1'000;
  static constexpr std::size_t kBytes = std::size_t{4} * 1024 * 1024;

  /// @return false: it does not wait, because a message on this topic waited in vain before, or
  /// there is no room
  bool hold(const Message& message, Instant now);

  /// Those that waited for the layout of this topic, in the order in which they came.
  std::vector<Message> release(const std::string& topic);
  /// Those that have waited for long enough. Those that come on their topics do not wait any more.
  std::vector<Message> give_up(Instant now);

  /// When there is something to give up; none: nothing waits.
  std::optional<Instant> next_end() const;

 private:
  struct Held {
    Message message;
    Instant end;
  };

  std::deque<Held> held_;
  std::size_t bytes_ = 0;
  std::set<std::string> in_vain_;  // topics
};

}  // namespace holdfast::cli
