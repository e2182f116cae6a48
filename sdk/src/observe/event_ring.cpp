#include "observe/event_ring.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::observe {
namespace {

constexpr auto kFloodMs =
    static_cast<std::uint64_t>(std::chrono::milliseconds(limits::kEventFloodTime).count());

bool says_the_same(const EventRecord& left, const EventRecord& right) {
  if (left.kind != right.kind || left.error != right.error) return false;
  return left.detail == right.detail || left.kind == to_string(EventKind::waiting);
}

}  // namespace

EventRing::Place& EventRing::place_of(std::uint64_t record) {
  const auto index = static_cast<std::size_t>(record % limits::kKeptEvents);
  if (index >= places_.size()) places_.resize(index + 1);
  return places_[index];
}

void EventRing::restore(KeptEvents kept) {
  for (EventRecord& record : kept.records) {
    records_ = std::max(records_, record.record);
    events_ = std::max(events_, record.event);
    place_of(record.record).record = std::move(record);
  }
  before_ = records_;
}

// One of the last records of this process.
EventRecord* EventRing::like(const EventRecord& event) {
  for (std::uint64_t number = records_;
       number > before_ && records_ - number < limits::kEventsLookedBack; --number) {
    EventRecord& record = place_of(number).record;
    if (record.record == number && says_the_same(record, event)) return &record;
  }
  return nullptr;
}

EventRecord* EventRing::flooded_by(const EventRecord& event) {
  Flood& flood = floods_[event.kind];
  if (event.last.since_boot_ms - flood.began_ms >= kFloodMs) {
    flood = {.began_ms = event.last.since_boot_ms, .events = 0, .last_record = flood.last_record};
  }
  if (++flood.events <= limits::kEventsOfAKind) return nullptr;
  EventRecord& record = place_of(flood.last_record).record;
  return record.record == flood.last_record && flood.last_record != 0 ? &record : nullptr;
}

void EventRing::add(EventRecord event) {
  ++counts_[event.kind];
  event.event = ++events_;
  EventRecord* const flooded = flooded_by(event);
  EventRecord* shared = like(event);
  if (shared == nullptr) shared = flooded;
  if (shared != nullptr) {
    event.record = shared->record;
    event.count = shared->count == UINT32_MAX ? UINT32_MAX : shared->count + 1;
    event.first_ms = std::min(shared->first_ms, event.last.since_boot_ms);  // threads may overtake
    *shared = std::move(event);
    mark(shared->record);
    return;
  }
  event.record = ++records_;
  floods_[event.kind].last_record = event.record;
  place_of(records_).record = std::move(event);
  mark(records_);
}

void EventRing::mark(std::uint64_t record) {
  if (!std::exchange(place_of(record).unwritten, true)) ++unwritten_;
}

std::vector<EventRecord> EventRing::newest(std::size_t most) const {
  std::vector<EventRecord> all;
  for (const Place& place : places_) {
    if (place.record.record != 0) all.push_back(place.record);
  }
  arrange(all);
  if (all.size() > most) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
  return all;
}

std::vector<EventRecord> EventRing::take_unwritten() {
  std::vector<EventRecord> taken;
  for (Place& place : places_) {
    if (std::exchange(place.unwritten, false)) taken.push_back(place.record);
  }
  unwritten_ = 0;
  return taken;
}

void EventRing::put_back(const std::vector<EventRecord>& records) {
  for (const EventRecord& record : records) mark(record.record);
}

}  // namespace holdfast::observe
