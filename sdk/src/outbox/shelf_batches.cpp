// The shelf's part in batches: which messages can share one, and how they become it.

#include <algorithm>
#include <iterator>

#include <holdfast/limits.hpp>

#include "outbox/shelf.hpp"

namespace holdfast::outbox {

void Shelf::batch_stream(StreamId stream, std::size_t max_bytes) {
  Stream& of_stream = streams_[stream];
  of_stream.batch_bytes = max_bytes;
  of_stream.gathered = 0;
  for (const auto& [id, item] : items_) {
    if (item.entry.stream == stream && is_droppable(id)) gather(item.entry, true);
  }
}

std::size_t Shelf::batch_bytes(StreamId stream) const {
  const auto at = streams_.find(stream);
  return stream == kNoStream || at == streams_.end() ? 0 : at->second.batch_bytes;
}

// What replaces and is replaced stays a message of its own, and so does what the broker keeps.
bool Shelf::can_share(const Entry& entry) const {
  return batch_bytes(entry.stream) > 0 && entry.key.empty() && entry.retain == Retain::no;
}

void Shelf::gather(const Entry& entry, bool comes) {
  if (!can_share(entry)) return;
  std::size_t& gathered = streams_[entry.stream].gathered;
  gathered = comes ? gathered + entry.payload.size() : gathered - entry.payload.size();
}

void Shelf::release(Item& item) {
  if (!item.entry.due) return;
  end_waiting(item);
  item.entry.due.reset();
  begin_waiting(item);
}

bool Shelf::fills_a_batch(const Entry& entry) const {
  if (!can_share(entry)) return true;
  const Stream& stream = streams_.find(entry.stream)->second;
  return static_cast<double>(stream.gathered) * stream.shrinks >=
         static_cast<double>(stream.batch_bytes);
}

std::size_t Shelf::likely_companions(const Entry& entry) const {
  constexpr double kSomeMore = 1.25;
  constexpr std::size_t kLeast = 8;
  const Stream& stream = streams_.find(entry.stream)->second;
  const double each = std::max(1.0, static_cast<double>(entry.payload.size()) * stream.shrinks);
  const auto likely =
      static_cast<std::size_t>(kSomeMore * static_cast<double>(stream.batch_bytes) / each);
  return std::min(likely + kLeast, limits::kBatchMessages);
}

std::vector<MessageId> Shelf::companions(MessageId id, std::size_t most, Instant now,
                                         const std::function<bool(MessageId)>& may_join) const {
  const Item& first = items_.find(id)->second;
  const auto waits = [](const Item& item) { return !item.under_way && !item.handed; };
  std::vector<MessageId> ids{id};
  if (!waits(first) || !can_share(first.entry)) return ids;
  const auto& places = lanes_[lane_of(first.entry.priority)].places;
  // Together they live as long as the one that lives longest: by a tenth longer, at most, than any
  // alone.
  constexpr int kShare = 10;
  std::optional<Instant> soonest = first.entry.expires;
  std::optional<Instant> latest = first.entry.expires;
  const auto lives_as_long = [&](const Entry& entry) {
    if (entry.expires.has_value() != soonest.has_value()) return false;
    if (!soonest) return true;
    const Instant sooner = std::min(*soonest, *entry.expires);
    const Instant later = std::max(*latest, *entry.expires);
    if ((later - sooner) * kShare > sooner - now) return false;
    soonest = sooner;
    latest = later;
    return true;
  };
  for (auto at = std::next(first.waits_at); at != places.end(); ++at) {
    if (ids.size() >= most || (barrier_ && *at >= *barrier_)) break;
    const Item& item = items_.find(at->id)->second;
    if (item.entry.stream != first.entry.stream) continue;
    if (!waits(item) || !can_share(item.entry) || item.entry.qos != first.entry.qos ||
        !std::ranges::equal(item.entry.properties.bytes(), first.entry.properties.bytes()) ||
        !may_join(at->id) || !lives_as_long(item.entry)) {
      break;  // those behind it must not overtake it
    }
    ids.push_back(at->id);
  }
  return ids;
}

void Shelf::merge(MessageId id, const std::vector<MessageId>& ids, std::vector<std::byte> payload) {
  Item& item = items_.find(id)->second;
  const auto has_a_delay = [this](const Entry& entry) {
    return entry.due && lanes_[lane_of(entry.priority)].due.count({*entry.due, entry.id}) > 0;
  };
  bool is_delayed = has_a_delay(item.entry);
  std::optional<Instant> due = item.entry.due;
  end_waiting(item);
  count(item.entry, false);
  std::size_t apart = item.entry.payload.size();
  for (const MessageId other : ids) {
    if (other == id) continue;
    const auto at = items_.find(other);
    is_delayed = is_delayed && has_a_delay(at->second.entry);
    Entry entry = remove(at).entry;
    apart += entry.payload.size();
    due = due && entry.due ? std::min(due, entry.due) : std::nullopt;
    if (entry.expires) item.entry.expires = std::max(item.entry.expires, entry.expires);
    item.entry.readings += entry.readings;
    item.entry.merged.push_back({other, std::move(entry.on_stored), std::move(entry.on_done)});
    item.entry.merged.insert(item.entry.merged.end(), std::move_iterator(entry.merged.begin()),
                             std::move_iterator(entry.merged.end()));
  }
  item.entry.due = is_delayed ? due : std::nullopt;
  item.entry.payload = std::move(payload);
  if (apart > 0) {
    streams_[item.entry.stream].shrinks =
        static_cast<double>(item.entry.payload.size()) / static_cast<double>(apart);
  }
  count(item.entry, true);
  begin_waiting(item);
}

}  // namespace holdfast::outbox
