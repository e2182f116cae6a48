// The clerk: which of the messages go to the file, when, and what comes back from it. Pure logic:
// it is told the time, asks for work on the file, and is told how that went. The outbox gives it a
// lock, a thread and a store.
//
// What it holds to:
// - A row is removed only once its message was acknowledged, expired, dropped or refused; that of
//   a message that was replaced only together with the commit of the one in its place.
// - A message whose row is on the disk is sent only with a number that is on the disk as well: or a
//   crash would send it again under another number, and no receiver could tell the second copy.
// - What is acknowledged before its commit began never reaches the disk.
// - Readings that become one message do so in one commit: a crash finds all rows, or the one.
// - Memory is bounded: stored messages beyond `limits::kShelfMessages` are away, and come back by
//   the page. Exempt are those with a key, of which one waits for each key.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "outbox/entry.hpp"
#include "outbox/shelf.hpp"
#include "outbox/store.hpp"

namespace holdfast::outbox {

class Clerk {
 public:
  Clerk(const OutboxLimits& limits, std::uint64_t epoch);

  Shelf& shelf() { return shelf_; }
  const Shelf& shelf() const { return shelf_; }

  /// What the file holds at the start. The first page is asked for at once.
  struct Inventory {
    Store::Sums sums;
    std::vector<Row> keyed;
  };
  void opened(Inventory inventory, Instant now);

  // As in `Outbox`.
  MessageId put(Entry entry, std::vector<Casualty>& gone, Failure& refused, Instant now);
  const Entry* take(Instant now);
  std::optional<Entry> settle(MessageId id, const Failure& refused, Instant now);
  std::vector<Casualty> put_back();
  std::vector<Casualty> expire(Instant now);
  std::vector<Casualty> clear();
  std::optional<Instant> next_due(Instant now) const;
  Fill fill() const;
  void wall_clock(std::uint64_t seconds, Instant now);

  /// While it is set, everything is written at once.
  void hurry(bool hurried) { hurried_ = hurried; }
  /// The process is about to end: what waits and the time that has passed are written, and then
  /// there is no more work. For good.
  void finish() { finishing_ = hurried_ = true; }

  // --- Work on the file ---

  /// When there is some; empty: nothing waits for the disk.
  std::optional<Instant> next_work(Instant now) const;

  /// To be done in this order; nothing of it again before `done` or `failed`.
  struct Work {
    Batch batch;
    std::vector<Shelf::Overrun> overruns;  // rows to be looked up for them
    bool expired = false;                  // rows whose time is over
    bool page = false;
    std::optional<Place> page_from;
    bool tidy = false;  // nothing is left: the file may shrink

    std::vector<MessageId> written;  // of `batch.in`
    std::size_t replaced = 0;        // of `batch.out`, those that go for one of `batch.in`
    bool clock_is_due = false;       // also with an empty batch

    bool writes() const { return !batch.empty() || clock_is_due; }
  };
  Work begin(Instant now);

  /// What the work has found in the file.
  struct Found {
    std::vector<std::vector<Victim>> victims;  // for each of `overruns`
    std::vector<Row> expired;
    std::vector<Row> page;
    bool page_is_last = false;
    std::optional<std::int64_t> next_expiry;
  };
  /// What has to be told because of it.
  struct News {
    std::vector<Written> written;
    std::vector<Casualty> gone;
    std::size_t lost = 0;  // messages that were away when the file was lost
    bool sendable = false;
  };
  News done(const Work& work, Found found, Instant now);

  /// Nothing of it was written. @param full whether there was no room for it
  void failed(const Work& work, bool full, Instant now);
  /// The file is left alone for a while.
  void rest(Instant now);
  /// The file is lost, and a fresh one there: what is in memory is written again, the rest is gone.
  News file_lost(Instant now);

  /// What waits for a commit, or is in one.
  std::size_t unstored() const { return waits_.size() + writing_; }
  /// Rows that the file holds for the next start.
  std::size_t kept() const;

 private:
  struct Kept {
    enum class State : std::uint8_t { waits, writing, written };

    Place place;
    State state = State::waits;
    bool numbered = false;    // its row has the number, or will have it with the commit under way
    bool left = false;        // while it was being written
    bool at_push = false;     // it waits for no interval
    bool superseded = false;  // its row goes with the commit of the one that replaced it
    bool outdated = false;    // what its row holds: others have joined the message since
    Instant write_by;
    std::size_t bytes = 0;
    std::vector<Place> replaces;  // rows that go when this one is written
  };
  using KeptAt = std::unordered_map<MessageId, Kept>::iterator;

  bool may_go(const Entry& entry) const;
  bool removals_are_due(Instant now) const;
  bool gains_much(std::int64_t clock, std::int64_t expires) const;
  bool notes_time(const Batch& batch) const;
  std::optional<Instant> note_time_at(Instant now) const;
  void number_ahead(Instant now);
  std::optional<Kept::State> state_of(MessageId id) const;
  void gather(MessageId id, Instant now);
  void join(KeptAt kept, KeptAt first);
  void forget(MessageId id, Instant now);
  void forget(std::vector<Casualty>& gone, Instant now);
  void wait_for_disk(MessageId id, Kept& kept);
  void remove_row(const Place& place, Instant now);
  void shelve(MessageId id);
  void send_away(MessageId id);
  void trim_memory();
  Row row_of(const Entry& entry, const Place& place) const;
  Entry entry_of(Row row) const;
  void bring(Row row);
  void recall(Entry& entry);
  void drop_away(const Victim& row, const Failure& reason, News& news, Instant now);
  void drop_for(const Shelf::Overrun& overrun, const std::vector<Victim>& victims, News& news,
                Instant now);
  void look_at_overruns();

  std::int64_t clock_at(Instant at) const;
  Instant instant_of(std::int64_t clock) const;
  std::uint64_t wall_at(Instant now) const;

  const OutboxLimits limits_;
  Shelf shelf_;
  std::unordered_map<MessageId, Kept> kept_;       // durable messages in memory
  std::set<std::pair<Instant, MessageId>> waits_;  // of those, what waits for its commit
  std::size_t at_push_ = 0;                        // of these, those that wait for no interval
  std::size_t waiting_bytes_ = 0;                  // of what waits, or is being written
  std::size_t writing_ = 0;                        // messages of the commit under way
  std::set<Place> shelved_;                        // written, and may be sent away
  std::size_t shelved_bytes_ = 0;
  std::vector<Place> removals_;             // rows that may go
  std::unordered_set<MessageId> removing_;  // the same, those under way included
  std::optional<Instant> removals_since_;
  std::vector<MessageId>
      to_number_;  // whose rows lack the number, and perhaps what has joined them
  std::vector<DeadLetter> dead_;
  struct Curious {
    std::function<void(const Delivery&)> on_done;
    std::vector<Waiter> merged;
  };
  std::unordered_map<MessageId, Curious> on_done_;  // of what is away

  bool hurried_ = false;
  bool finishing_ = false;
  bool taking_ = false;  // a line is up, and takes
  bool wants_page_ = false;
  bool wants_room_ = false;  // a bound is passed for what is away
  bool expiry_due_ = false;
  bool only_out_ = false;  // the file was full: first let go of what may go
  bool tidy_due_ = false;
  std::optional<Instant> rests_until_;  // the disk failed
  Duration rest_{};
  bool has_expiry_ = false;                  // a row may have a time to live
  std::optional<std::int64_t> next_expiry_;  // of a row

  std::int64_t clock_base_ = 0;  // milliseconds, at `clock_since_`
  Instant clock_since_{};
  std::optional<Instant> clock_noted_;
  std::int64_t found_clock_ = 0;
  std::uint64_t found_wall_ = 0;  // seconds at the last commit of an earlier start; 0: nobody knew
  MessageId found_last_id_ = 0;
  std::optional<std::pair<std::uint64_t, Instant>> wall_;
  bool wall_is_news_ = false;  // what the file says of it is not what is known
  std::optional<Batch::Shorten> shorten_;
};

}  // namespace holdfast::outbox
