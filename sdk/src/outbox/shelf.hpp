// The order in which messages wait, and what has to go when there is no room: pure logic on what is
// in memory. Each priority is a lane of its own, in which the places are in their order
// (place.hpp).
//
// Messages may be away: on the disk alone. They count for all bounds, and their turn is respected,
// but only their number and their bytes are known here. All of them stand at or behind the barrier.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <holdfast/status.hpp>

#include "outbox/entry.hpp"
#include "outbox/place.hpp"

namespace holdfast::outbox {

class Shelf {
 public:
  /// @param epoch of the numbers that it gives
  explicit Shelf(const OutboxLimits& limits, std::uint64_t epoch);

  // As in `Outbox`, but for one thread at a time.
  StreamId stream_on(std::string_view topic);
  void bound_stream(StreamId stream, const StreamBounds& bounds);
  MessageId put(Entry entry, std::vector<Casualty>& gone, Failure& refused);
  const Entry* take(Instant now);
  std::optional<Entry> settle(MessageId id);
  void retry(MessageId id);
  std::vector<Casualty> put_back();
  std::vector<Casualty> expire(Instant now);
  void release_all(bool released) { release_all_ = released; }
  void admit(Admission admission) { admission_ = admission; }
  std::vector<Entry> clear();
  std::optional<Instant> next_due(Instant now) const;
  std::optional<Instant> earliest_due() const;
  Fill fill() const;

  // In the two steps of `take`.
  struct Next {
    const Entry* entry = nullptr;
    bool is_away = false;  ///< the next one is due, and has to be brought first
  };
  Next next(Instant now) const;
  const Entry* hand_over(MessageId id);

  /// The messages that go out next, as far as they are in memory and before the barrier.
  std::vector<MessageId> front(std::size_t count) const;
  /// Numbers a message of a stream that waits; from then on it counts as handed over.
  void number(MessageId id);

  /// How many bytes of payload the messages of a stream may share; 0: each goes alone.
  void batch_stream(StreamId stream, std::size_t max_bytes);
  std::size_t batch_bytes(StreamId stream) const;
  /// The message, and those behind it in its lane that can share its way: of its stream, handed to
  /// nobody yet, worthless at about the same time, and such that `may_join`. At most `most`, in the
  /// order of the lane; it alone: there are no others.
  std::vector<MessageId> companions(MessageId id, std::size_t most, Instant now,
                                    const std::function<bool(MessageId)>& may_join) const;
  /// Whether what waits of its stream fills a message, as far as the last one tells; true of one
  /// that shares with nobody.
  bool fills_a_batch(const Entry& entry) const;
  /// How many messages like this one fill one that is shared, and some more: a guess.
  std::size_t likely_companions(const Entry& entry) const;
  /// The message takes others into its payload, which leave.
  void merge(MessageId id, const std::vector<MessageId>& ids, std::vector<std::byte> payload);
  /// Null: it is not in memory.
  const Entry* find(MessageId id) const;
  Place place_of(MessageId id) const;
  bool is_under_way(MessageId id) const;
  /// It waits, was never handed over, and may be dropped.
  bool is_droppable(MessageId id) const;
  /// Who waits to hear that it is written, itself included.
  std::vector<Written> take_on_stored(MessageId id);
  /// Takes out a message.
  std::optional<Entry> remove(MessageId id);
  /// The oldest message in memory that may be dropped for a bound, 0: there is none.
  MessageId oldest_droppable(StreamId stream) const;

  // What is away.
  /// A message that may be dropped goes away: the entry is out of memory, and counted on.
  Entry send_away(MessageId id);
  /// One that is away is in memory again, in its old place, due at once.
  void bring(Entry entry, std::int64_t rank);
  /// So many were found on the disk, or have gone from it.
  void away_found(StreamId stream, Priority priority, std::size_t messages, std::size_t bytes);
  void away_gone(StreamId stream, Priority priority, std::size_t bytes);
  std::size_t away() const { return away_.messages; }
  /// None is away, whatever was counted.
  void none_away();
  void set_barrier(const std::optional<Place>& barrier) { barrier_ = barrier; }
  const std::optional<Place>& barrier() const { return barrier_; }

  /// Numbers given before this shelf was made.
  void begin_after(MessageId last_id) { last_id_ = last_id; }
  MessageId last_id() const { return last_id_; }
  /// Time that nobody counted has passed for messages up to this one.
  void shorten(MessageId last_id, Duration time);

  /// A bound that is passed, because what has to go for it is away.
  struct Overrun {
    StreamId stream = kNoStream;  ///< of the outbox as a whole: none
    std::string topic;            ///< of the stream
    bool of_stream = false;
    std::size_t messages = 0;
    std::size_t bytes = 0;
    bool lowest_first = false;  ///< the lowest priority goes first
  };
  std::vector<Overrun> overruns() const;
  /// Why a message goes that is dropped for it.
  static Failure why_dropped(const Overrun& overrun);

 private:
  struct Item {
    Entry entry;
    std::int64_t rank = 0;
    bool under_way = false;
    // Handed to MQTT before, or numbered: it waits for no delay budget, and is not dropped or
    // replaced any more, because a session that goes on has to finish it (MQTT 5 section 4.4).
    bool handed = false;
    std::set<Place>::iterator waits_at{};  // in its lane, while it waits
  };
  using Items = std::unordered_map<MessageId, Item>;

  struct Load {
    std::size_t messages = 0;
    std::size_t bytes = 0;

    void add(std::size_t added) {
      ++messages;
      bytes += added;
    }
    void take(std::size_t taken) {
      messages -= messages > 0 ? 1 : 0;
      bytes -= taken < bytes ? taken : bytes;
    }
    /// For one message more.
    bool has_room(const Load& most, std::size_t added) const {
      return messages < most.messages && bytes + added <= most.bytes;
    }
  };
  // What may be dropped of those that wait, oldest first. Kept only where a bound drops something:
  // for each message it costs half as much again as its place.
  struct Droppable {
    bool is_kept = false;
    std::set<MessageId> ids;
    std::size_t bytes = 0;

    void add(const Entry& entry);
    void take(const Entry& entry);
  };
  struct Lane {
    std::set<Place> places;                       // of those that wait
    std::set<std::pair<Instant, MessageId>> due;  // of those that wait for their delay budget too
    Droppable droppable;
    Load away;

    bool any_released() const { return places.size() > due.size() || away.messages > 0; }
    bool is_empty() const { return places.empty() && away.messages == 0; }
  };
  struct Stream {
    StreamBounds bounds;
    Load held;  // waiting, under way and away
    Load away;
    Droppable droppable;
    std::uint32_t last_sequence = 0;
    std::string topic;  // as `stream_on` was told
    std::size_t batch_bytes = 0;
    std::size_t gathered = 0;  // payload that waits to share a message
    double shrinks = 1.0;      // to this share of it, by the last time
  };

  // A bound that a new entry has to fit into. One is looked at for each message of a full outbox,
  // so it costs no memory: what a person reads of it is made where somebody has to be told.
  struct Bound {
    const Load& held;
    Load most;
    WhenFull when_full;
    std::array<const Droppable*, kPriorities> droppable;  // in the order in which they have to go
    Load away;                                            // of those that may be dropped
    bool of_stream;

    std::string whose(const Entry& entry) const;
    bool fits(const Entry& entry) const;
    MessageId victim() const;
  };
  enum class Room { enough, by_dropping, for_others_only, none };

  static constexpr std::size_t lane_of(Priority priority) {
    return static_cast<std::size_t>(priority);
  }
  bool has_room(const Entry& entry);
  std::array<Bound, 2> bounds_for(const Entry& entry);
  static Room room_in(const Bound& bound, const Entry& entry);
  static Failure why_full(const Bound& bound, const Entry& entry);
  Room make_room(const Entry& entry, std::vector<Casualty>& gone, Failure& refused);
  std::optional<Item> take_replaced(const Entry& entry);
  Item& place(Item item);
  void count(const Entry& entry, bool comes);
  bool can_share(const Entry& entry) const;
  void gather(const Entry& entry, bool comes);
  void release(Item& item);
  void begin_waiting(Item& item);
  void end_waiting(Item& item);
  Item remove(Items::iterator at);
  std::size_t lowest_admitted() const;  // kPriorities: none is

  const OutboxLimits limits_;
  const std::uint64_t epoch_;
  Items items_;
  std::array<Lane, kPriorities> lanes_;                            // by priority
  std::set<std::pair<Instant, MessageId>> expiry_;                 // of those that wait
  std::map<std::pair<std::string, std::string>, MessageId> keys_;  // of those that may be replaced
  std::vector<MessageId> under_way_;                               // sorted; few
  std::map<StreamId, Stream> streams_;
  std::map<std::string, StreamId, std::less<>> stream_ids_;
  Load held_;
  Load away_;
  std::optional<Place> barrier_;
  Admission admission_ = Admission::everything;
  MessageId last_id_ = 0;
  bool release_all_ = false;
};

}  // namespace holdfast::outbox
