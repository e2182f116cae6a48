// The clerk's part with the file: what has to be written and read, and what follows from it.

#include <algorithm>
#include <chrono>

#include <holdfast/limits.hpp>

#include "outbox/clerk.hpp"

namespace holdfast::outbox {

using namespace std::chrono_literals;

std::optional<Instant> Clerk::next_work(Instant now) const {
  std::optional<Instant> next;
  const auto sooner = [&next](Instant at) { next = next ? std::min(*next, at) : at; };
  if (!waits_.empty()) {
    const bool at_once = hurried_ || at_push_ >= limits_.group_commit.messages;
    sooner(at_once ? now : waits_.begin()->first);
  }
  if (!removals_.empty()) {
    sooner(removals_are_due(now) ? now : *removals_since_ + limits::kRemovalTime);
  }
  if (!to_number_.empty() || !dead_.empty() || wants_page_ || wants_room_ || expiry_due_ ||
      shorten_ || tidy_due_) {
    sooner(now);
  }
  if (const auto at = note_time_at(now)) sooner(*at);
  if (next && rests_until_) next = std::max(*next, *rests_until_);
  return next;
}

// While much is delivered they are not written before they are many: each page of the file is
// written once for all rows that go from it.
bool Clerk::removals_are_due(Instant now) const {
  if (removals_.empty()) return false;
  if (only_out_ || finishing_ || removals_.size() >= limits::kRemovals) return true;
  if (now >= *removals_since_ + limits::kRemovalTime) return true;
  const Fill fill = shelf_.fill();
  return hurried_ && fill.waiting + fill.under_way == 0;
}

// The time is a page of its own. A crash takes back what has passed since it was noted, so that
// rows live longer: by no more than a hundredth of what they had left at the last commit.
bool Clerk::gains_much(std::int64_t clock, std::int64_t expires) const {
  constexpr std::int64_t kShare = 100;
  return !clock_noted_ || (clock - clock_at(*clock_noted_)) * kShare > expires - clock;
}

bool Clerk::notes_time(const Batch& batch) const {
  if (batch.shorten || (wall_is_news_ && has_expiry_)) return true;
  return (next_expiry_ && gains_much(batch.clock, *next_expiry_)) ||
         std::any_of(batch.in.begin(), batch.in.end(), [&](const Row& row) {
           return row.expires && gains_much(batch.clock, *row.expires);
         });
}

// When the time is written although nothing else is: after a step, or, at the end, where the next
// process would give a row much more time than it had.
std::optional<Instant> Clerk::note_time_at(Instant now) const {
  if (!has_expiry_ || !clock_noted_) return std::nullopt;
  if (!finishing_) return *clock_noted_ + limits::kOutboxClockStep;
  constexpr auto kWorthAWrite = 1s;
  const bool worth = now - *clock_noted_ >= kWorthAWrite && next_expiry_ &&
                     gains_much(clock_at(now), *next_expiry_);
  return worth ? std::optional(now) : std::nullopt;
}

Clerk::Work Clerk::begin(Instant now) {
  Work work;
  // Not what waits for its delay budget: with a number it would go at once.
  if (taking_ && shelf_.next(now).entry != nullptr) number_ahead(now);
  const Instant until = now + limits_.group_commit.time;
  while (!only_out_ && !waits_.empty() && work.written.size() < limits_.group_commit.messages) {
    const auto [write_by, id] = *waits_.begin();
    if (!hurried_ && write_by > until) break;
    Kept& kept = kept_.find(id)->second;
    // What had time shares a row as it would share a message.
    if (!kept.at_push) gather(id, now);
    waits_.erase({kept.write_by, id});
    if (kept.at_push) --at_push_;
    const Entry& entry = *shelf_.find(id);
    kept.state = Kept::State::writing;
    kept.numbered = entry.sequence != 0;
    work.batch.in.push_back(row_of(entry, kept.place));
    work.written.push_back(id);
    for (const Place& place : kept.replaces) work.batch.out.push_back(place);
  }
  writing_ = work.written.size();
  for (const MessageId id : std::exchange(to_number_, {})) {
    const auto kept = kept_.find(id);
    if (kept == kept_.end() || kept->second.state != Kept::State::written) continue;
    const Entry& entry = *shelf_.find(id);
    const Place& place = kept->second.place;
    if (kept->second.outdated) work.batch.changed.push_back(row_of(entry, place));
    work.batch.numbered.push_back({place, {entry.epoch, entry.sequence}});
    for (const Place& gone : kept->second.replaces) work.batch.out.push_back(gone);
  }
  work.batch.dead = std::exchange(dead_, {});
  work.batch.clock = clock_at(now);
  work.batch.shorten = shorten_;
  if (wall_) work.batch.wall = wall_at(now);
  const auto note_time = note_time_at(now);
  work.clock_is_due = note_time && *note_time <= now;
  work.batch.notes_time = work.clock_is_due || notes_time(work.batch);
  if (std::exchange(wants_room_, false)) work.overruns = shelf_.overruns();
  work.expired = std::exchange(expiry_due_, false);
  work.page = std::exchange(wants_page_, false) && shelf_.away() > 0;
  if (work.page) work.page_from = shelf_.barrier();
  work.tidy = std::exchange(tidy_due_, false);
  // Removals go with what is written anyway, and before rows are looked for; but what sending asks
  // for does not bring them forward.
  const bool only_for_sending = work.written.empty() && work.batch.dead.empty() &&
                                work.overruns.empty() && !work.expired &&
                                (work.page || work.tidy || !work.batch.numbered.empty());
  // Places that are replaced come first in `out`; they come back with their messages if it fails.
  work.replaced = work.batch.out.size();
  if (!only_for_sending || removals_are_due(now)) {
    work.batch.out.insert(work.batch.out.end(), removals_.begin(), removals_.end());
    removals_.clear();
    removals_since_.reset();
  }
  return work;
}

void Clerk::failed(const Work& work, bool full, Instant now) {
  writing_ = 0;
  for (const MessageId id : work.written) {
    const auto at = kept_.find(id);
    if (at->second.left) {
      waiting_bytes_ -= at->second.bytes;
      for (const Place& place : at->second.replaces) remove_row(place, now);
      kept_.erase(at);
      continue;
    }
    waiting_bytes_ -= at->second.bytes;  // `wait_for_disk` counts it again
    at->second.numbered = false;
    wait_for_disk(id, at->second);
  }
  const auto first = work.batch.out.begin() + static_cast<std::ptrdiff_t>(work.replaced);
  removals_.insert(removals_.begin(), first, work.batch.out.end());
  if (!removals_.empty() && !removals_since_) removals_since_ = now;
  for (const auto& numbered : work.batch.numbered) to_number_.push_back(numbered.place.id);
  dead_.insert(dead_.begin(), work.batch.dead.begin(), work.batch.dead.end());
  wants_page_ = wants_page_ || work.page;
  wants_room_ = wants_room_ || !work.overruns.empty();
  expiry_due_ = expiry_due_ || work.expired;
  // What goes makes room for what comes: at once, and alone.
  const bool may_make_room = full && !only_out_ && !work.written.empty() && !removals_.empty();
  only_out_ = may_make_room;
  if (!may_make_room) rest(now);
}

void Clerk::rest(Instant now) {
  rest_ = rest_ == Duration{} ? Duration(limits::kDiskRest)
                              : std::min(2 * rest_, Duration(limits::kDiskRestMost));
  rests_until_ = now + rest_;
}

Clerk::News Clerk::done(const Work& work, Found found, Instant now) {
  News news;
  writing_ = 0;
  only_out_ = false;
  rests_until_.reset();
  rest_ = {};
  if (work.writes() && work.batch.notes_time) {
    clock_noted_ = instant_of(work.batch.clock);
    wall_is_news_ = false;
  }
  for (const Place& place : work.batch.out) removing_.erase(place.id);
  for (const MessageId id : work.written) {
    const auto at = kept_.find(id);
    Kept& kept = at->second;
    waiting_bytes_ -= kept.bytes;
    kept.state = Kept::State::written;
    kept.replaces.clear();
    if (kept.left) {
      if (kept.superseded) {
        removing_.insert(id);
      } else {
        remove_row(kept.place, now);
      }
      kept_.erase(at);
      continue;
    }
    for (Written& each : shelf_.take_on_stored(id)) news.written.push_back(std::move(each));
    if (shelf_.find(id)->sequence != 0 && !kept.numbered) to_number_.push_back(id);
    shelve(id);
  }
  for (const auto& numbered : work.batch.numbered) {
    const auto at = kept_.find(numbered.place.id);
    if (at == kept_.end()) continue;
    at->second.numbered = true;
    at->second.outdated = false;
    at->second.replaces.clear();
  }
  if (work.batch.shorten) {
    shelf_.shorten(work.batch.shorten->last_id,
                   std::chrono::milliseconds(work.batch.shorten->milliseconds));
    shorten_.reset();
  }
  if (work.page) {
    for (Row& row : found.page) {
      shelf_.set_barrier(row.place.after());
      bring(std::move(row));
    }
    if (found.page_is_last) shelf_.none_away();
  }
  for (const Row& row : found.expired) {
    drop_away({row.place, row.topic, row.of_stream, row.bytes()},
              {Errc::expired, "its time to live ended before it could be sent"}, news, now);
  }
  // Or they are found again, and again.
  if (work.expired && !removals_.empty()) removals_since_ = now - limits::kRemovalTime;
  for (std::size_t i = 0; i < work.overruns.size(); ++i) {
    drop_for(work.overruns[i], found.victims[i], news, now);
  }
  next_expiry_ = found.next_expiry;
  has_expiry_ = next_expiry_.has_value() || !waits_.empty();
  trim_memory();
  tidy_due_ = !work.batch.out.empty() && kept_.empty() && shelf_.away() == 0;
  news.sendable = work.expired ||
                  (taking_ && (!work.written.empty() || work.page || !work.batch.numbered.empty()));
  return news;
}

// A row that is away goes; one that is in memory is looked after there.
void Clerk::drop_away(const Victim& row, const Failure& reason, News& news, Instant now) {
  const MessageId id = row.place.id;
  if (kept_.count(id) > 0 || removing_.count(id) > 0) return;
  Casualty lost{.entry = {}, .reason = reason};
  lost.entry.id = id;
  lost.entry.topic = row.topic;
  lost.entry.durable = Durable::at_push();
  recall(lost.entry);
  shelf_.away_gone(row.of_stream ? shelf_.stream_on(row.topic) : kNoStream, row.place.priority,
                   row.bytes);
  remove_row(row.place, now);
  news.gone.push_back(std::move(lost));
}

void Clerk::drop_for(const Shelf::Overrun& overrun, const std::vector<Victim>& victims, News& news,
                     Instant now) {
  const Failure why = Shelf::why_dropped(overrun);
  std::size_t messages = overrun.messages;
  std::size_t bytes = overrun.bytes;
  const auto dropped = [&](std::size_t freed) {
    messages -= messages > 0 ? 1 : 0;
    bytes -= std::min(bytes, freed);
  };
  const auto drop_in_memory = [&](MessageId id) {
    auto entry = shelf_.remove(id);
    dropped(entry->bytes());
    news.gone.push_back({std::move(*entry), why});
    forget(id, now);
  };
  bool progress = false;
  for (const Victim& victim : victims) {
    if (messages == 0 && bytes == 0) return;
    // Of the outbox as a whole the oldest may also be one that no disk has.
    while (!overrun.lowest_first && (messages > 0 || bytes > 0)) {
      const MessageId oldest = shelf_.oldest_droppable(overrun.stream);
      if (oldest == 0 || oldest >= victim.place.id) break;
      drop_in_memory(oldest);
      progress = true;
    }
    if (messages == 0 && bytes == 0) return;
    const MessageId id = victim.place.id;
    if (removing_.count(id) > 0) continue;
    if (kept_.count(id) > 0) {
      if (!shelf_.is_droppable(id)) continue;
      drop_in_memory(id);
    } else {
      drop_away(victim, why, news, now);
      dropped(victim.bytes);
    }
    progress = true;
  }
  if (progress && (messages > 0 || bytes > 0)) wants_room_ = true;
}

Clerk::News Clerk::file_lost(Instant now) {
  News news;
  writing_ = 0;
  removals_.clear();
  removing_.clear();
  removals_since_.reset();
  to_number_.clear();
  for (auto& [id, kept] : kept_) {
    kept.replaces.clear();
    kept.outdated = false;
    if (kept.state != Kept::State::written) continue;
    if (shelved_.erase(kept.place) > 0) shelved_bytes_ -= kept.bytes;
    kept.write_by = now;
    kept.numbered = false;
    wait_for_disk(id, kept);
  }
  news.lost = shelf_.away();
  const Failure why(Errc::storage_failed, "it was lost with the damaged file");
  for (auto& [id, curious] : on_done_) {
    Casualty lost{.entry = {}, .reason = why};
    lost.entry.id = id;
    lost.entry.on_done = std::move(curious.on_done);
    lost.entry.merged = std::move(curious.merged);
    news.gone.push_back(std::move(lost));
  }
  on_done_.clear();
  shelf_.none_away();
  next_expiry_.reset();
  clock_noted_.reset();
  wants_page_ = false;
  rests_until_.reset();
  rest_ = {};
  return news;
}

}  // namespace holdfast::outbox
