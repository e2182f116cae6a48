// The calls that wait for their answers: pure logic in the time that it is told.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/limits.hpp>

#include "base/clock.hpp"

namespace holdfast::commands {

/// @tparam Handler what is kept of a call until its end
template <class Handler>
class CallTable {
 public:
  bool is_full() const { return calls_.size() >= limits::kMaxCalls; }
  bool knows(std::string_view id) const { return calls_.find(id) != calls_.end(); }

  /// A call that nobody else waits for, while there is room.
  void add(std::string id, Instant deadline, Handler handler) {
    deadlines_.emplace(deadline, id);
    calls_.emplace(std::move(id), Call{deadline, std::move(handler)});
  }

  /// The call has ended. @return empty for one that nobody waits for
  std::optional<Handler> take(std::string_view id) {
    const auto at = calls_.find(id);
    if (at == calls_.end()) return std::nullopt;
    deadlines_.erase({at->second.deadline, at->first});
    std::optional<Handler> handler(std::move(at->second.handler));
    calls_.erase(at);
    return handler;
  }

  /// Those whose time is over.
  std::vector<Handler> expire(Instant now) {
    std::vector<Handler> over;
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
      over.push_back(std::move(*take(std::string(deadlines_.begin()->second))));
    }
    return over;
  }

  std::vector<Handler> clear() { return expire(Instant::max()); }

  std::optional<Instant> next_deadline() const {
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.begin()->first;
  }
  std::size_t size() const { return calls_.size(); }

 private:
  struct Call {
    Instant deadline;
    Handler handler;
  };

  std::map<std::string, Call, std::less<>> calls_;
  std::set<std::pair<Instant, std::string>> deadlines_;
};

}  // namespace holdfast::commands
