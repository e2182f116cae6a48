// The order in which messages wait, and what has to go when there is no room: pure logic on what is
// in memory.
//
// Each priority is a lane of its own. In a lane the places are ordered by rank: the number of the
// message for those that go oldest first, its negative for those that go newest first, so that
// these come before all of the former.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "outbox/outbox.hpp"

namespace holdfast::outbox {

class Shelf {
 public:
  explicit Shelf(const OutboxLimits& limits) : limits_(limits) {}

  // As in `Outbox`, but for one thread at a time.
  void bound_stream(StreamId stream, const StreamBounds& bounds);
  MessageId put(Entry entry, std::vector<Casualty>& gone, Failure& refused);
  const Entry* take(Instant now);
  std::optional<Entry> settle(MessageId id);
  void retry(MessageId id);
  std::vector<Casualty> put_back();
  std::vector<Casualty> expire(Instant now);
  void release_all() { release_all_ = true; }
  void admit(Admission admission) { admission_ = admission; }
  std::vector<Entry> clear();
  std::optional<Instant> next_due(Instant now) const;
  std::optional<Instant> earliest_due() const;
  Fill fill() const;

 private:
  static constexpr std::size_t kPriorities = 3;
  using Place = std::pair<std::int64_t, MessageId>;  // rank, and whose it is

  struct Item {
    Entry entry;
    std::int64_t rank = 0;
    bool under_way = false;
    // Handed to MQTT before: it waits for no delay budget, and is not dropped or replaced any more,
    // because a session that goes on has to finish it (MQTT 5 section 4.4).
    bool handed = false;
  };
  using Items = std::unordered_map<MessageId, Item>;

  struct Load {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };
  // What may be dropped of those that wait, oldest first.
  struct Droppable {
    std::set<MessageId> ids;
    std::size_t bytes = 0;
  };
  struct Lane {
    std::set<Place> places;                       // of those that wait
    std::set<std::pair<Instant, MessageId>> due;  // of those that wait for their delay budget too
    Droppable droppable;

    bool any_released() const { return places.size() > due.size(); }
  };
  struct Stream {
    StreamBounds bounds;
    Load held;  // waiting and under way
    Droppable droppable;
    std::uint32_t last_sequence = 0;
  };

  // A bound that a new entry has to fit into. One is looked at for each message, so it costs no
  // memory: what a person reads of it is made where somebody has to be told.
  struct Bound {
    const Load& held;
    Load most;
    WhenFull when_full;
    std::array<const Droppable*, kPriorities> droppable;  // in the order in which they have to go
    bool of_stream;

    std::string whose(const Entry& entry) const;
    bool fits(const Entry& entry) const;
    MessageId victim() const;
  };
  enum class Room { enough, by_dropping, for_others_only, none };

  std::array<Bound, 2> bounds_for(const Entry& entry);
  static Room room_in(const Bound& bound, const Entry& entry);
  static Failure why_full(const Bound& bound, const Entry& entry);
  Room make_room(const Entry& entry, std::vector<Casualty>& gone, Failure& refused);
  std::optional<Item> take_replaced(const Entry& entry);
  void place(Item item);
  void count(const Entry& entry, bool comes);
  void begin_waiting(Item& item);
  void end_waiting(Item& item);
  Item remove(Items::iterator at);
  std::size_t lowest_admitted() const;  // kPriorities: none is

  const OutboxLimits limits_;
  Items items_;
  std::array<Lane, kPriorities> lanes_;                            // by priority
  std::set<std::pair<Instant, MessageId>> expiry_;                 // of those that wait
  std::map<std::pair<std::string, std::string>, MessageId> keys_;  // of those that may be replaced
  std::set<MessageId> under_way_;
  std::map<StreamId, Stream> streams_;
  Load held_;
  Admission admission_ = Admission::everything;
  MessageId last_id_ = 0;
  bool release_all_ = false;
};

}  // namespace holdfast::outbox
