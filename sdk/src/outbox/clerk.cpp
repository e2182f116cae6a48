#include "outbox/clerk.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include <holdfast/limits.hpp>

#include "payload/batch.hpp"

namespace holdfast::outbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Longer than any device is off; a clock that says more is wrong.
constexpr std::uint64_t kLongestOff = std::uint64_t{366} * 24 * 3600;

}  // namespace

Clerk::Clerk(const OutboxLimits& limits, std::uint64_t epoch)
    : limits_(limits), shelf_(limits, epoch) {}

// --- Time ----------------------------------------------------------------------------------------

std::int64_t Clerk::clock_at(Instant at) const {
  return clock_base_ + duration_cast<milliseconds>(at - clock_since_).count();
}

Instant Clerk::instant_of(std::int64_t clock) const {
  return clock_since_ + milliseconds(clock - clock_base_);
}

std::uint64_t Clerk::wall_at(Instant now) const {
  const auto since = std::chrono::floor<std::chrono::seconds>(now - wall_->second).count();
  return wall_->first + static_cast<std::uint64_t>(since);
}

void Clerk::wall_clock(std::uint64_t seconds, Instant now) {
  const bool first = !wall_;
  if (first || seconds != wall_at(now)) wall_is_news_ = true;
  wall_ = {seconds, now};
  if (!first || found_wall_ == 0 || found_last_id_ == 0) return;
  const auto up = static_cast<std::uint64_t>((clock_at(now) - found_clock_) / 1'000);
  if (seconds <= found_wall_ + up || seconds - found_wall_ > kLongestOff) return;
  shorten_ = Batch::Shorten{
      found_last_id_, static_cast<std::int64_t>(seconds - found_wall_ - up) * std::int64_t{1'000}};
}

// --- The start -----------------------------------------------------------------------------------

void Clerk::opened(Inventory inventory, Instant now) {
  const Store::Totals& totals = inventory.sums.totals;
  clock_base_ = found_clock_ = totals.clock;
  clock_since_ = now;
  found_wall_ = totals.wall;
  found_last_id_ = totals.last_id;
  shelf_.begin_after(std::max(shelf_.last_id(), totals.last_id));
  for (const Store::Load& load : inventory.sums.loads) {
    const StreamId stream = load.of_stream ? shelf_.stream_on(load.topic) : kNoStream;
    shelf_.away_found(stream, load.priority, static_cast<std::size_t>(load.messages),
                      static_cast<std::size_t>(load.bytes));
  }
  if (shelf_.away() == 0) return;
  shelf_.set_barrier(Place{Priority::urgent, std::numeric_limits<std::int64_t>::min(), 0});
  for (Row& row : inventory.keyed) bring(std::move(row));
  has_expiry_ = true;
  clock_noted_ = now;
  wants_page_ = true;
}

Row Clerk::row_of(const Entry& entry, const Place& place) const {
  Row row{.place = place,
          .topic = entry.topic,
          .payload = entry.payload,
          .retain = entry.retain,
          .key = entry.key,
          .of_stream = entry.stream != kNoStream,
          .number = std::nullopt,
          .expires = std::nullopt,
          .properties = entry.properties};
  if (entry.sequence != 0) row.number = StreamNumber{entry.epoch, entry.sequence};
  if (entry.expires) row.expires = clock_at(*entry.expires);
  return row;
}

Entry Clerk::entry_of(Row row) const {
  Entry entry;
  entry.id = row.place.id;
  entry.topic = std::move(row.topic);
  entry.payload = std::move(row.payload);
  entry.properties = std::move(row.properties);
  entry.retain = row.retain;
  entry.key = std::move(row.key);
  entry.priority = row.place.priority;
  entry.order = row.place.rank < 0 ? Order::newest_first : Order::oldest_first;
  entry.durable = Durable::at_push();
  if (row.number) {
    entry.epoch = row.number->epoch;
    entry.sequence = row.number->sequence;
  }
  if (row.expires) entry.expires = instant_of(*row.expires);
  return entry;
}

void Clerk::bring(Row row) {
  const Place place = row.place;
  if (kept_.count(place.id) > 0 || removing_.count(place.id) > 0) return;
  const StreamId stream = row.of_stream ? shelf_.stream_on(row.topic) : kNoStream;
  const std::size_t bytes = row.bytes();
  const bool numbered = row.number.has_value();
  Entry entry = entry_of(std::move(row));
  entry.stream = stream;
  if (stream != kNoStream) entry.readings = payload::count_readings(entry.payload);
  recall(entry);
  shelf_.bring(std::move(entry), place.rank);
  Kept kept;
  kept.place = place;
  kept.state = Kept::State::written;
  kept.numbered = numbered;
  kept.bytes = bytes;
  kept_.emplace(place.id, std::move(kept));
  if (shelf_.is_droppable(place.id) && shelf_.find(place.id)->key.empty()) {
    shelved_.insert(place);
    shelved_bytes_ += bytes;
  }
}

// Who wants to know of a message that was away.
void Clerk::recall(Entry& entry) {
  const auto at = on_done_.find(entry.id);
  if (at == on_done_.end()) return;
  entry.on_done = std::move(at->second.on_done);
  entry.merged = std::move(at->second.merged);
  on_done_.erase(at);
}

// --- In ------------------------------------------------------------------------------------------

MessageId Clerk::put(Entry entry, std::vector<Casualty>& gone, Failure& refused, Instant now) {
  const Durable durable = entry.durable;
  const std::size_t bytes = entry.bytes();
  // What is urgent has as much room again.
  const std::size_t shares = entry.priority == Priority::urgent ? 2 : 1;
  if (durable.is_kept() && (unstored() >= shares * limits::kUnstoredMessages ||
                            waiting_bytes_ + bytes > shares * limits::kUnstoredBytes)) {
    refused = {Errc::outbox_full,
               std::to_string(unstored()) + " messages (" + std::to_string(waiting_bytes_) +
                   " bytes) wait for the disk" +
                   (rests_until_ ? ", which cannot be written (see the event storage_failed)"
                                 : "; publish no faster than it writes")};
    return 0;
  }
  const std::size_t before = gone.size();
  const MessageId id = shelf_.put(std::move(entry), gone, refused);
  if (id == 0) return 0;
  if (shelf_.away() > 0) look_at_overruns();
  Kept* kept = nullptr;
  if (durable.is_kept() && shelf_.find(id) != nullptr) {
    kept = &kept_[id];
    kept->place = shelf_.place_of(id);
    kept->bytes = bytes;
    kept->at_push = durable.interval() == 0ms;
    kept->write_by =
        now + (durable.interval() > 0ms ? durable.interval() : limits_.group_commit.time);
    wait_for_disk(id, *kept);
    if (shelf_.find(id)->expires) has_expiry_ = true;
  }
  for (std::size_t i = before; i < gone.size(); ++i) {
    const auto old = kept_.find(gone[i].entry.id);
    if (old == kept_.end()) continue;
    // What is stored must not be lost before what replaces it is stored.
    const bool waits_for_this = kept != nullptr && gone[i].reason.error == Errc::replaced;
    if (waits_for_this) {
      Kept& replaced = old->second;
      for (const Place& place : replaced.replaces) kept->replaces.push_back(place);
      replaced.replaces.clear();
      if (replaced.state != Kept::State::waits) kept->replaces.push_back(replaced.place);
      if (replaced.state == Kept::State::written) {
        if (shelved_.erase(replaced.place) > 0) shelved_bytes_ -= replaced.bytes;
        removing_.insert(replaced.place.id);
        kept_.erase(old);
        continue;
      }
      replaced.superseded = true;
    }
    forget(gone[i].entry.id, now);
  }
  return id;
}

void Clerk::wait_for_disk(MessageId id, Kept& kept) {
  kept.state = Kept::State::waits;
  waits_.insert({kept.write_by, id});
  waiting_bytes_ += kept.bytes;
  if (kept.at_push) ++at_push_;
}

// A message has left the shelf: its row goes, or is never made.
void Clerk::forget(MessageId id, Instant now) {
  const auto at = kept_.find(id);
  if (at == kept_.end()) return;
  Kept& kept = at->second;
  switch (kept.state) {
    case Kept::State::waits:
      waits_.erase({kept.write_by, id});
      waiting_bytes_ -= kept.bytes;
      if (kept.at_push) --at_push_;
      break;
    case Kept::State::writing:
      kept.left = true;
      return;
    case Kept::State::written:
      if (shelved_.erase(kept.place) > 0) shelved_bytes_ -= kept.bytes;
      remove_row(kept.place, now);
      break;
  }
  for (const Place& place : kept.replaces) remove_row(place, now);
  kept_.erase(at);
}

void Clerk::forget(std::vector<Casualty>& gone, Instant now) {
  for (const Casualty& lost : gone) forget(lost.entry.id, now);
}

void Clerk::remove_row(const Place& place, Instant now) {
  removals_.push_back(place);
  removing_.insert(place.id);
  if (!removals_since_) removals_since_ = now;
}

// --- Out -----------------------------------------------------------------------------------------

bool Clerk::may_go(const Entry& entry) const {
  if (entry.stream == kNoStream) return true;
  const auto kept = kept_.find(entry.id);
  if (kept == kept_.end()) return true;
  return kept->second.numbered || kept->second.state == Kept::State::waits;
}

// Numbers are given in the order in which messages go out, a few at a time: one commit for all.
void Clerk::number_ahead(Instant now) {
  std::size_t left = limits::kNumberedAhead;
  bool awaits_commit = false;
  for (const MessageId id : shelf_.front(limits::kShelfMessages)) {
    const Entry* entry = shelf_.find(id);
    if (entry == nullptr) continue;  // it has joined another
    if (left-- == 0) return;
    if (entry->stream == kNoStream) continue;
    if (entry->sequence != 0) {
      awaits_commit = awaits_commit || !may_go(*entry);
      continue;
    }
    // Nothing goes before that commit is done, and until then more may come to share a message.
    // What is just being written can share one only after that. The order of numbers is that of the
    // lane.
    if (awaits_commit && !shelf_.fills_a_batch(*entry)) return;
    if (state_of(id) == Kept::State::writing && shelf_.batch_bytes(entry->stream) > 0) return;
    gather(id, now);
    shelf_.number(id);
    const auto kept = kept_.find(id);
    if (kept == kept_.end() || kept->second.state != Kept::State::written) continue;
    if (shelved_.erase(kept->second.place) > 0) shelved_bytes_ -= kept->second.bytes;
    to_number_.push_back(id);
  }
}

std::optional<Clerk::Kept::State> Clerk::state_of(MessageId id) const {
  const auto kept = kept_.find(id);
  if (kept == kept_.end()) return std::nullopt;
  return kept->second.state;
}

// The message takes along what can share its way. All are written, or none is: or it would have to
// wait for a commit that it does not need.
void Clerk::gather(MessageId id, Instant now) {
  const std::size_t most = shelf_.batch_bytes(shelf_.find(id)->stream);
  const auto state = state_of(id);
  if (most == 0 || state == Kept::State::writing) return;
  const auto may_join = [this, &state](MessageId other) { return state_of(other) == state; };
  std::size_t looked_at = shelf_.likely_companions(*shelf_.find(id));
  std::vector<MessageId> ids;
  std::vector<std::span<const std::byte>> bodies;
  payload::Merged merged;
  while (true) {
    ids = shelf_.companions(id, looked_at, now, may_join);
    if (ids.size() < 2) return;
    bodies.clear();
    for (const MessageId each : ids) bodies.emplace_back(shelf_.find(each)->payload);
    merged = payload::merge_bodies(bodies, most);
    const bool had_room = merged.count == ids.size() && ids.size() == looked_at;
    if (!had_room || looked_at == limits::kBatchMessages) break;
    looked_at = std::min(4 * looked_at, limits::kBatchMessages);  // a wrong guess
  }
  if (merged.count < 2) return;
  ids.resize(merged.count);
  if (shelf_.find(id)->order == Order::newest_first) {
    // The newest decide who goes along; in the message the oldest comes first.
    bodies.resize(merged.count);
    std::reverse(bodies.begin(), bodies.end());
    payload::Merged turned = payload::merge_bodies(bodies, std::numeric_limits<std::size_t>::max());
    if (turned.count == merged.count) merged = std::move(turned);
  }
  const auto first = kept_.find(id);
  for (const MessageId other : ids) {
    if (other != id && first != kept_.end()) join(kept_.find(other), first);
  }
  shelf_.merge(id, ids, std::move(merged.body));
  if (first == kept_.end()) return;
  Kept& kept = first->second;
  const std::size_t bytes = shelf_.find(id)->bytes();
  if (kept.state == Kept::State::waits) {
    waiting_bytes_ = waiting_bytes_ - kept.bytes + bytes;
  } else if (shelved_.erase(kept.place) > 0) {
    shelved_bytes_ -= kept.bytes;
  }
  kept.outdated = kept.state == Kept::State::written;
  kept.bytes = bytes;
}

// A message joins another one, of which the same is written.
void Clerk::join(KeptAt at, KeptAt first) {
  Kept& kept = at->second;
  Kept& with = first->second;
  if (kept.state == Kept::State::waits) {
    waits_.erase({kept.write_by, at->first});
    waiting_bytes_ -= kept.bytes;
    if (kept.at_push) --at_push_;
    if (kept.write_by < with.write_by) {
      waits_.erase({with.write_by, first->first});
      with.write_by = kept.write_by;
      waits_.insert({with.write_by, first->first});
    }
  } else {
    if (shelved_.erase(kept.place) > 0) shelved_bytes_ -= kept.bytes;
    removing_.insert(at->first);
    with.replaces.push_back(kept.place);
  }
  with.replaces.insert(with.replaces.end(), kept.replaces.begin(), kept.replaces.end());
  kept_.erase(at);
}

const Entry* Clerk::take(Instant now) {
  taking_ = true;
  const Shelf::Next next = shelf_.next(now);
  if (next.is_away || (shelf_.away() > 0 && shelved_.size() < limits::kPageMessages)) {
    wants_page_ = true;
  }
  if (next.entry == nullptr) return nullptr;
  const MessageId id = next.entry->id;
  if (!may_go(*next.entry)) {
    number_ahead(now);
    return nullptr;
  }
  if (next.entry->sequence == 0) gather(id, now);
  const auto kept = kept_.find(id);
  if (kept != kept_.end() && shelved_.erase(kept->second.place) > 0) {
    shelved_bytes_ -= kept->second.bytes;
  }
  return shelf_.hand_over(id);
}

std::optional<Entry> Clerk::settle(MessageId id, const Failure& refused, Instant now) {
  auto entry = shelf_.settle(id);
  if (!entry || !entry->durable.is_kept()) return entry;
  if (refused) {
    dead_.push_back({id, entry->topic, entry->payload, refused.error.value(), refused.detail});
  }
  forget(id, now);
  return entry;
}

std::vector<Casualty> Clerk::put_back() {
  taking_ = false;
  return shelf_.put_back();  // none of them is durable
}

std::vector<Casualty> Clerk::expire(Instant now) {
  auto expired = shelf_.expire(now);
  forget(expired, now);
  if (shelf_.away() > 0 && next_expiry_ && instant_of(*next_expiry_) <= now) expiry_due_ = true;
  return expired;
}

std::vector<Casualty> Clerk::clear() {
  std::vector<Casualty> gone;
  for (Entry& entry : shelf_.clear()) {
    const auto kept = kept_.find(entry.id);
    const bool is_stored = kept != kept_.end() && kept->second.state == Kept::State::written;
    Failure reason = is_stored
                         ? Failure(Errc::kept,
                                   "the device was stopped before it was delivered; it "
                                   "is stored, and sent after the next start")
                         : Failure(Errc::closed, "the device was stopped before it was delivered");
    gone.push_back({std::move(entry), std::move(reason)});
  }
  return gone;
}

std::size_t Clerk::kept() const {
  std::size_t written = 0;
  for (const auto& [id, kept] : kept_) {
    if (kept.state == Kept::State::written) ++written;
  }
  return written + shelf_.away();
}

std::optional<Instant> Clerk::next_due(Instant now) const {
  auto next = shelf_.next_due(now);
  if (shelf_.away() > 0 && next_expiry_ && !expiry_due_) {
    const Instant at = instant_of(*next_expiry_);
    next = next ? std::min(*next, at) : at;
  }
  return next;
}

Fill Clerk::fill() const {
  Fill fill = shelf_.fill();
  fill.unstored = unstored();
  return fill;
}

// --- Memory --------------------------------------------------------------------------------------

// A message was written: it stays in memory if its turn is near.
void Clerk::shelve(MessageId id) {
  const Entry* entry = shelf_.find(id);
  if (!shelf_.is_droppable(id) || !entry->key.empty()) return;
  const Place place = kept_.find(id)->second.place;
  if (shelf_.barrier() && place >= *shelf_.barrier()) {
    send_away(id);
    return;
  }
  shelved_.insert(place);
  shelved_bytes_ += entry->bytes();
}

void Clerk::send_away(MessageId id) {
  const auto at = kept_.find(id);
  const Place place = at->second.place;
  Entry entry = shelf_.send_away(id);
  if (entry.on_done || !entry.merged.empty()) {
    on_done_.emplace(id, Curious{std::move(entry.on_done), std::move(entry.merged)});
  }
  kept_.erase(at);
  if (!shelf_.barrier() || place < *shelf_.barrier()) shelf_.set_barrier(place);
}

void Clerk::trim_memory() {
  if (shelved_.size() <= limits::kShelfMessages && shelved_bytes_ <= limits::kShelfBytes) return;
  while (shelved_.size() > limits::kShelfMessages / 2 || shelved_bytes_ > limits::kShelfBytes / 2) {
    if (shelved_.size() <= 1) return;
    const Place last = *shelved_.rbegin();
    shelved_.erase(last);
    shelved_bytes_ -= kept_.find(last.id)->second.bytes;
    send_away(last.id);
  }
}

void Clerk::look_at_overruns() {
  if (!wants_room_) wants_room_ = !shelf_.overruns().empty();
}

}  // namespace holdfast::outbox
