// Where a message stands: urgent before normal before low; in a priority by rank, which is the
// number of the message for those that go oldest first and its negative for those that go newest
// first, so that these come before all of the former. What replaced another has its rank.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

namespace holdfast::outbox {

inline constexpr std::size_t kPriorities = 3;

struct Place {
  Priority priority = Priority::normal;
  std::int64_t rank = 0;
  MessageId id = 0;

  /// The place that comes next, whoever has it.
  Place after() const { return {priority, rank, id + 1}; }

  friend bool operator==(const Place&, const Place&) = default;
  friend std::strong_ordering operator<=>(const Place& a, const Place& b) {
    if (a.priority != b.priority) return b.priority <=> a.priority;
    if (a.rank != b.rank) return a.rank <=> b.rank;
    return a.id <=> b.id;
  }
};

}  // namespace holdfast::outbox
