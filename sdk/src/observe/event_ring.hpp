// The newest events of a device, in memory: which share a record, which make room, and which are
// not in the file yet. Pure. Threads: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "observe/event_record.hpp"

namespace holdfast::observe {

class EventRing {
 public:
  /// Goes on behind what an earlier process has kept. Before all else.
  void restore(KeptEvents kept);

  /// Adds one event. It is counted in a record that there is already if it says the same as one of
  /// the last few, or if its kind comes in floods; of a wait, which is never as long as the one
  /// before, the newest is what counts.
  void add(EventRecord event);

  /// At most so many, the latest event last; with the dates that have become known since.
  std::vector<EventRecord> newest(std::size_t most) const;
  /// Of this process, by kind.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

  /// Records that are to be written; they count as written.
  std::vector<EventRecord> take_unwritten();
  bool has_unwritten() const { return unwritten_ > 0; }
  /// They were not.
  void put_back(const std::vector<EventRecord>& records);

 private:
  struct Flood {
    std::uint64_t began_ms = 0;
    std::size_t events = 0;
    std::uint64_t last_record = 0;
  };
  struct Place {
    EventRecord record;  // its number is 0: none
    bool unwritten = false;
  };

  Place& place_of(std::uint64_t record);
  EventRecord* like(const EventRecord& event);
  EventRecord* flooded_by(const EventRecord& event);
  void mark(std::uint64_t record);

  std::vector<Place> places_;  // by number, as in the file; no longer than it has to be
  std::uint64_t records_ = 0;  // the number of the newest
  std::uint64_t events_ = 0;
  std::uint64_t before_ = 0;  // the last record of an earlier process
  std::size_t unwritten_ = 0;
  std::map<std::string, std::uint64_t> counts_;
  std::map<std::string, Flood> floods_;
};

}  // namespace holdfast::observe
