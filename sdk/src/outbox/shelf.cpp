#include "outbox/shelf.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::outbox {
namespace {

std::int64_t rank_of(const Entry& entry) {
  const auto number = static_cast<std::int64_t>(entry.id);
  return entry.order == Order::newest_first ? -number : number;
}

std::size_t or_unbounded(std::size_t bound) {
  return bound == 0 ? std::numeric_limits<std::size_t>::max() : bound;
}

Failure full(const std::string& what) {
  return {Errc::outbox_full, what};
}

bool drops(WhenFull when_full) {
  return when_full == WhenFull::drop_oldest || when_full == WhenFull::drop_lowest_priority;
}

}  // namespace

Shelf::Shelf(const OutboxLimits& limits, std::uint64_t epoch) : limits_(limits), epoch_(epoch) {
  for (Lane& lane : lanes_) lane.droppable.is_kept = drops(limits_.when_full);
}

StreamId Shelf::stream_on(std::string_view topic) {
  const auto known = stream_ids_.find(topic);
  if (known != stream_ids_.end()) return known->second;
  const auto stream = static_cast<StreamId>(stream_ids_.size() + 1);
  stream_ids_.emplace(topic, stream);
  streams_[stream].topic = topic;
  return stream;
}

void Shelf::bound_stream(StreamId stream, const StreamBounds& bounds) {
  Stream& bounded = streams_[stream];
  bounded.bounds = bounds;
  if (drops(bounds.when_full) == bounded.droppable.is_kept) return;
  bounded.droppable = {.is_kept = drops(bounds.when_full)};
  for (const auto& [id, item] : items_) {
    if (item.entry.stream == stream && is_droppable(id)) bounded.droppable.add(item.entry);
  }
}

// --- In ------------------------------------------------------------------------------------------

MessageId Shelf::put(Entry entry, std::vector<Casualty>& gone, Failure& refused) {
  entry.id = last_id_ + 1;
  // What it replaces makes room first, but is not lost if there is none after all.
  std::optional<Item> replaced = take_replaced(entry);
  const Room room = make_room(entry, gone, refused);
  if (room == Room::none) {
    if (replaced) place(std::move(*replaced));
    return 0;
  }
  const MessageId id = ++last_id_;
  std::int64_t rank = rank_of(entry);
  if (replaced) {
    // A value that changes all the time keeps its place, or it would never get out of a backlog.
    const bool same_line = entry.priority == replaced->entry.priority;
    if (entry.order == Order::oldest_first && same_line) rank = replaced->rank;
    gone.push_back({std::move(replaced->entry),
                    Failure(Errc::replaced, "a newer message with its key took its place")});
  }
  if (room == Room::for_others_only) {
    gone.push_back({std::move(entry),
                    full("there was no room for it, and what is new is dropped (drop_new)")});
    return id;
  }
  Item& placed = place({.entry = std::move(entry), .rank = rank});
  if (can_share(placed.entry) && fills_a_batch(placed.entry)) release(placed);
  return id;
}

std::optional<Shelf::Item> Shelf::take_replaced(const Entry& entry) {
  if (entry.key.empty()) return std::nullopt;
  const auto key = keys_.find({entry.topic, entry.key});
  if (key == keys_.end()) return std::nullopt;
  return remove(items_.find(key->second));
}

Shelf::Item& Shelf::place(Item item) {
  const MessageId id = item.entry.id;
  Item& placed = items_.insert_or_assign(id, std::move(item)).first->second;
  count(placed.entry, true);
  begin_waiting(placed);
  return placed;
}

// --- Bounds --------------------------------------------------------------------------------------

std::array<Shelf::Bound, 2> Shelf::bounds_for(const Entry& entry) {
  const Stream& stream = streams_[entry.stream];
  Bound all{.held = held_,
            .most = {limits_.messages, limits_.bytes},
            .when_full = limits_.when_full,
            .droppable = {},
            .away = {},
            .of_stream = false};
  // What is more important than the new one stays.
  const std::size_t lanes =
      all.when_full == WhenFull::drop_lowest_priority ? lane_of(entry.priority) + 1 : kPriorities;
  for (std::size_t i = 0; i < lanes; ++i) {
    all.droppable[i] = &lanes_[i].droppable;
    all.away.messages += lanes_[i].away.messages;
    all.away.bytes += lanes_[i].away.bytes;
  }
  return {Bound{.held = stream.held,
                .most = {or_unbounded(stream.bounds.messages), or_unbounded(stream.bounds.bytes)},
                .when_full = stream.bounds.when_full,
                .droppable = {&stream.droppable},
                .away = stream.away,
                .of_stream = true},
          all};
}

std::string Shelf::Bound::whose(const Entry& entry) const {
  return of_stream ? "the stream on \"" + entry.topic + "\"" : "the outbox";
}

bool Shelf::Bound::fits(const Entry& entry) const {
  return held.has_room(most, entry.bytes());
}

MessageId Shelf::Bound::victim() const {
  std::optional<MessageId> oldest;
  for (const Droppable* group : droppable) {
    if (group == nullptr || group->ids.empty()) continue;
    const MessageId first = *group->ids.begin();
    if (when_full == WhenFull::drop_lowest_priority) return first;
    oldest = oldest ? std::min(*oldest, first) : first;
  }
  return oldest.value_or(0);
}

Shelf::Room Shelf::room_in(const Bound& bound, const Entry& entry) {
  if (bound.fits(entry)) return Room::enough;
  if (bound.when_full == WhenFull::drop_new) return Room::for_others_only;
  if (bound.when_full == WhenFull::refuse) return Room::none;
  Load left{bound.held.messages - bound.away.messages, bound.held.bytes - bound.away.bytes};
  for (const Droppable* group : bound.droppable) {
    if (group == nullptr) continue;
    left.messages -= group->ids.size();
    left.bytes -= group->bytes;
  }
  const bool enough =
      left.messages < bound.most.messages && left.bytes + entry.bytes() <= bound.most.bytes;
  return enough ? Room::by_dropping : Room::none;
}

Failure Shelf::why_full(const Bound& bound, const Entry& entry) {
  const std::string option = bound.of_stream ? "bounds" : "outbox";
  if (bound.held.messages >= bound.most.messages) {
    return full(bound.whose(entry) + " holds " + std::to_string(bound.held.messages) +
                " messages, as many as " + option +
                ".messages allows; publish less often, raise the bound, or say what may be "
                "dropped");
  }
  return full(bound.whose(entry) + " holds " + std::to_string(bound.held.bytes) +
              " bytes and this message has " + std::to_string(entry.bytes()) + "; " + option +
              ".bytes allows " + std::to_string(bound.most.bytes) +
              "; publish less, raise the bound, or say what may be dropped");
}

bool Shelf::has_room(const Entry& entry) {
  const Stream& stream = streams_[entry.stream];
  const Load most_of_stream{or_unbounded(stream.bounds.messages),
                            or_unbounded(stream.bounds.bytes)};
  return held_.has_room({limits_.messages, limits_.bytes}, entry.bytes()) &&
         stream.held.has_room(most_of_stream, entry.bytes());
}

Shelf::Room Shelf::make_room(const Entry& entry, std::vector<Casualty>& gone, Failure& refused) {
  if (has_room(entry)) return Room::enough;
  const auto bounds = bounds_for(entry);
  Room worst = Room::enough;
  for (const Bound& bound : bounds) {
    const Room room = room_in(bound, entry);
    if (room == Room::none) {
      refused = why_full(bound, entry);
      return room;
    }
    worst = std::max(worst, room);
  }
  if (worst != Room::by_dropping) return worst;
  for (const Bound& bound : bounds) {
    // What is away may be older: whoever can read it drops what has to go (`overruns`).
    while (bound.away.messages == 0 && !bound.fits(entry)) {
      Item dropped = remove(items_.find(bound.victim()));
      gone.push_back({std::move(dropped.entry),
                      full(bound.whose(entry) + " was full, and a newer message needed its room")});
    }
  }
  return worst;
}

std::vector<Shelf::Overrun> Shelf::overruns() const {
  std::vector<Overrun> all;
  const auto look = [&](const Load& held, Load most, WhenFull when_full, Overrun overrun) {
    if (!drops(when_full) || (held.messages <= most.messages && held.bytes <= most.bytes)) return;
    overrun.messages = held.messages > most.messages ? held.messages - most.messages : 0;
    overrun.bytes = held.bytes > most.bytes ? held.bytes - most.bytes : 0;
    all.push_back(std::move(overrun));
  };
  for (const auto& [id, stream] : streams_) {
    if (id == kNoStream || stream.away.messages == 0) continue;
    look(stream.held, {or_unbounded(stream.bounds.messages), or_unbounded(stream.bounds.bytes)},
         stream.bounds.when_full, {.stream = id, .topic = stream.topic, .of_stream = true});
  }
  if (away_.messages > 0) {
    look(held_, {limits_.messages, limits_.bytes}, limits_.when_full,
         {.lowest_first = limits_.when_full == WhenFull::drop_lowest_priority});
  }
  return all;
}

Failure Shelf::why_dropped(const Overrun& overrun) {
  return full((overrun.of_stream ? "the stream on \"" + overrun.topic + "\"" : "the outbox") +
              " was full, and a newer message needed its room");
}

void Shelf::Droppable::add(const Entry& entry) {
  if (!is_kept) return;
  ids.insert(ids.end(), entry.id);
  bytes += entry.bytes();
}

void Shelf::Droppable::take(const Entry& entry) {
  if (!is_kept) return;
  ids.erase(entry.id);
  bytes -= entry.bytes();
}

void Shelf::count(const Entry& entry, bool comes) {
  for (Load* load : {&streams_[entry.stream].held, &held_}) {
    comes ? load->add(entry.bytes()) : load->take(entry.bytes());
  }
}

// --- Waiting -------------------------------------------------------------------------------------

void Shelf::begin_waiting(Item& item) {
  const Entry& entry = item.entry;
  item.under_way = false;
  Lane& lane = lanes_[lane_of(entry.priority)];
  // What is new goes to one end of the lane as a rule.
  item.waits_at = lane.places.insert(item.rank < 0 ? lane.places.begin() : lane.places.end(),
                                     {entry.priority, item.rank, entry.id});
  if (entry.expires) expiry_.insert({*entry.expires, entry.id});
  if (item.handed) return;
  if (entry.due) lane.due.insert({*entry.due, entry.id});
  if (!entry.key.empty()) keys_[{entry.topic, entry.key}] = entry.id;
  gather(entry, true);
  lane.droppable.add(entry);
  streams_[entry.stream].droppable.add(entry);
}

void Shelf::end_waiting(Item& item) {
  const Entry& entry = item.entry;
  Lane& lane = lanes_[lane_of(entry.priority)];
  lane.places.erase(item.waits_at);
  if (entry.expires) expiry_.erase({*entry.expires, entry.id});
  if (item.handed) return;
  if (entry.due) lane.due.erase({*entry.due, entry.id});
  if (!entry.key.empty()) keys_.erase({entry.topic, entry.key});
  gather(entry, false);
  lane.droppable.take(entry);
  streams_[entry.stream].droppable.take(entry);
}

Shelf::Item Shelf::remove(Items::iterator at) {
  Item item = std::move(at->second);
  if (item.under_way) {
    under_way_.erase(std::lower_bound(under_way_.begin(), under_way_.end(), item.entry.id));
  } else {
    end_waiting(item);
  }
  count(item.entry, false);
  items_.erase(at);
  return item;
}

// --- Out -----------------------------------------------------------------------------------------

std::size_t Shelf::lowest_admitted() const {
  switch (admission_) {
    case Admission::everything:
      return lane_of(Priority::low);
    case Admission::all_but_low:
      return lane_of(Priority::normal);
    case Admission::urgent_only:
      return lane_of(Priority::urgent);
    case Admission::nothing:
      break;
  }
  return kPriorities;
}

Shelf::Next Shelf::next(Instant now) const {
  const std::size_t lowest = lowest_admitted();
  const auto is_due = [&](const Lane& lane) {
    return lane.any_released() || (!lane.due.empty() && lane.due.begin()->first <= now);
  };
  const auto admitted = lanes_.begin() + static_cast<std::ptrdiff_t>(lowest);
  if (!release_all_ && std::none_of(admitted, lanes_.end(), is_due)) return {};
  for (std::size_t i = kPriorities; i-- > lowest;) {
    const Lane& lane = lanes_[i];
    if (lane.is_empty()) continue;
    const bool in_memory = !lane.places.empty() && (!barrier_ || *lane.places.begin() < *barrier_);
    // What stands in memory behind the barrier waits for those of its own priority that are away.
    if (!in_memory && (lane.places.empty() || lane.away.messages > 0)) return {nullptr, true};
    return {&items_.find(lane.places.begin()->id)->second.entry, false};
  }
  return {};
}

const Entry* Shelf::hand_over(MessageId id) {
  for (std::size_t i = lowest_admitted(); i < kPriorities; ++i)
    lanes_[i].due.clear();  // ride along
  Item& item = items_.find(id)->second;
  if (item.entry.stream != kNoStream && item.entry.sequence == 0) number(id);
  end_waiting(item);
  item.under_way = true;
  item.handed = true;
  under_way_.insert(std::lower_bound(under_way_.begin(), under_way_.end(), id), id);
  return &item.entry;
}

const Entry* Shelf::take(Instant now) {
  const Entry* entry = next(now).entry;
  return entry == nullptr ? nullptr : hand_over(entry->id);
}

std::vector<MessageId> Shelf::front(std::size_t count) const {
  std::vector<MessageId> ids;
  for (std::size_t i = kPriorities; i-- > lowest_admitted();) {
    for (const Place& place : lanes_[i].places) {
      if (ids.size() == count || (barrier_ && place >= *barrier_)) return ids;
      ids.push_back(place.id);
    }
  }
  return ids;
}

void Shelf::number(MessageId id) {
  Item& item = items_.find(id)->second;
  if (item.entry.stream == kNoStream || item.entry.sequence != 0) return;
  end_waiting(item);
  item.entry.epoch = epoch_;
  item.entry.sequence = ++streams_[item.entry.stream].last_sequence;
  item.handed = true;
  begin_waiting(item);
}

const Entry* Shelf::find(MessageId id) const {
  const auto at = items_.find(id);
  return at == items_.end() ? nullptr : &at->second.entry;
}

std::vector<Written> Shelf::take_on_stored(MessageId id) {
  Entry& entry = items_.find(id)->second.entry;
  std::vector<Written> all;
  all.reserve(1 + entry.merged.size());
  all.push_back({id, std::exchange(entry.on_stored, nullptr)});
  for (Waiter& other : entry.merged) {
    all.push_back({other.id, std::exchange(other.on_stored, nullptr)});
  }
  return all;
}

Place Shelf::place_of(MessageId id) const {
  const Item& item = items_.find(id)->second;
  return {item.entry.priority, item.rank, id};
}

bool Shelf::is_under_way(MessageId id) const {
  const auto at = items_.find(id);
  return at != items_.end() && at->second.under_way;
}

bool Shelf::is_droppable(MessageId id) const {
  const auto at = items_.find(id);
  return at != items_.end() && !at->second.under_way && !at->second.handed;
}

std::optional<Entry> Shelf::remove(MessageId id) {
  const auto at = items_.find(id);
  if (at == items_.end()) return std::nullopt;
  return remove(at).entry;
}

MessageId Shelf::oldest_droppable(StreamId stream) const {
  const auto of_stream = streams_.find(stream);
  if (stream != kNoStream) {
    if (of_stream == streams_.end() || of_stream->second.droppable.ids.empty()) return 0;
    return *of_stream->second.droppable.ids.begin();
  }
  MessageId oldest = 0;
  for (const Lane& lane : lanes_) {
    if (lane.droppable.ids.empty()) continue;
    const MessageId first = *lane.droppable.ids.begin();
    oldest = oldest == 0 ? first : std::min(oldest, first);
  }
  return oldest;
}

std::optional<Entry> Shelf::settle(MessageId id) {
  const auto at = items_.find(id);
  if (at == items_.end() || !at->second.under_way) return std::nullopt;
  return remove(at).entry;
}

void Shelf::retry(MessageId id) {
  const auto at = items_.find(id);
  if (at == items_.end() || !at->second.under_way) return;
  under_way_.erase(std::lower_bound(under_way_.begin(), under_way_.end(), id));
  begin_waiting(at->second);
}

std::vector<Casualty> Shelf::put_back() {
  std::vector<Casualty> lost;
  for (const MessageId id : std::vector<MessageId>(under_way_.begin(), under_way_.end())) {
    const auto at = items_.find(id);
    if (at->second.entry.qos == Qos::at_least_once) {
      retry(id);
      continue;
    }
    lost.push_back({remove(at).entry,
                    Failure(Errc::connection_lost,
                            "the connection ended before this message was through; only QoS 1 is "
                            "sent again")});
  }
  return lost;
}

std::vector<Casualty> Shelf::expire(Instant now) {
  std::vector<Casualty> expired;
  while (!expiry_.empty() && expiry_.begin()->first <= now) {
    expired.push_back({remove(items_.find(expiry_.begin()->second)).entry,
                       Failure(Errc::expired, "its time to live ended before it could be sent")});
  }
  return expired;
}

std::vector<Entry> Shelf::clear() {
  std::vector<Entry> all;
  all.reserve(items_.size());
  while (!items_.empty()) all.push_back(remove(items_.begin()).entry);
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
  return all;
}

// --- Away ----------------------------------------------------------------------------------------

Entry Shelf::send_away(MessageId id) {
  Entry entry = remove(items_.find(id)).entry;
  away_found(entry.stream, entry.priority, 1, entry.bytes());
  return entry;
}

void Shelf::bring(Entry entry, std::int64_t rank) {
  away_gone(entry.stream, entry.priority, entry.bytes());
  const bool handed = entry.sequence != 0;
  if (handed && entry.epoch == epoch_) {
    std::uint32_t& last = streams_[entry.stream].last_sequence;
    last = std::max(last, entry.sequence);
  }
  place({.entry = std::move(entry), .rank = rank, .handed = handed});
}

void Shelf::away_found(StreamId stream, Priority priority, std::size_t messages,
                       std::size_t bytes) {
  Stream& of_stream = streams_[stream];
  for (Load* load :
       {&of_stream.held, &of_stream.away, &held_, &away_, &lanes_[lane_of(priority)].away}) {
    load->messages += messages;
    load->bytes += bytes;
  }
}

void Shelf::away_gone(StreamId stream, Priority priority, std::size_t bytes) {
  Stream& of_stream = streams_[stream];
  for (Load* load :
       {&of_stream.held, &of_stream.away, &held_, &away_, &lanes_[lane_of(priority)].away}) {
    load->take(bytes);
  }
}

void Shelf::none_away() {
  const auto forget = [](Load& held, Load& away) {
    held.messages -= away.messages;
    held.bytes -= away.bytes;
    away = {};
  };
  for (auto& [id, stream] : streams_) forget(stream.held, stream.away);
  for (Lane& lane : lanes_) lane.away = {};
  forget(held_, away_);
  barrier_.reset();
}

void Shelf::shorten(MessageId last_id, Duration time) {
  for (auto& [id, item] : items_) {
    if (id > last_id || !item.entry.expires) continue;
    const bool waits = !item.under_way;
    if (waits) end_waiting(item);
    *item.entry.expires -= time;
    if (waits) begin_waiting(item);
  }
}

// --- Times ---------------------------------------------------------------------------------------

std::optional<Instant> Shelf::earliest_due() const {
  std::optional<Instant> earliest;
  for (std::size_t i = lowest_admitted(); i < kPriorities; ++i) {
    const Lane& lane = lanes_[i];
    if (lane.any_released() || (release_all_ && !lane.is_empty())) return Instant::min();
    if (lane.due.empty()) continue;
    const Instant due = lane.due.begin()->first;
    earliest = earliest ? std::min(*earliest, due) : due;
  }
  return earliest;
}

std::optional<Instant> Shelf::next_due(Instant now) const {
  std::optional<Instant> next = earliest_due();
  // Once one delay budget has ended, all that wait are due.
  if (next && *next <= now) next.reset();
  if (!expiry_.empty()) {
    next = next ? std::min(*next, expiry_.begin()->first) : expiry_.begin()->first;
  }
  return next;
}

Fill Shelf::fill() const {
  Fill fill{.waiting = items_.size() - under_way_.size() + away_.messages,
            .held_back = 0,
            .under_way = under_way_.size(),
            .unstored = 0,
            .bytes = held_.bytes};
  for (std::size_t i = 0; i < lowest_admitted(); ++i) {
    fill.held_back += lanes_[i].places.size() + lanes_[i].away.messages;
  }
  return fill;
}

}  // namespace holdfast::outbox
