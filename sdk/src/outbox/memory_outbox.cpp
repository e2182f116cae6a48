#include "outbox/memory_outbox.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::outbox {
namespace {

void erase_pair(std::multimap<Instant, MessageId>& map, Instant key, MessageId id) {
  const auto [first, last] = map.equal_range(key);
  const auto found =
      std::find_if(first, last, [id](const auto& pair) { return pair.second == id; });
  if (found != last) map.erase(found);
}

}  // namespace

MemoryOutbox::MemoryOutbox(const OutboxLimits& limits) : limits_(limits) {}

void MemoryOutbox::index(const Entry& entry) {
  if (entry.id > released_) due_.emplace(entry.due, entry.id);
  if (entry.expires) expiry_.emplace(*entry.expires, entry.id);
}

void MemoryOutbox::unindex(const Entry& entry) {
  if (entry.id > released_) erase_pair(due_, entry.due, entry.id);
  if (entry.expires) erase_pair(expiry_, *entry.expires, entry.id);
}

MessageId MemoryOutbox::put(Entry entry, Failure& refused) {
  const std::lock_guard lock(mutex_);
  const std::size_t count = waiting_.size() + under_way_.size();
  if (count >= limits_.messages) {
    refused = Failure(Errc::outbox_full,
                      "the outbox holds " + std::to_string(count) +
                          " messages, as many as "
                          "outbox.messages allows; publish less often, or raise the bound");
    return 0;
  }
  if (bytes_ + entry.bytes() > limits_.bytes) {
    refused =
        Failure(Errc::outbox_full,
                "the outbox holds " + std::to_string(bytes_) + " bytes and this message has " +
                    std::to_string(entry.bytes()) + "; outbox.bytes allows " +
                    std::to_string(limits_.bytes) + "; publish less, or raise the bound");
    return 0;
  }
  entry.id = ++last_id_;
  bytes_ += entry.bytes();
  index(entry);
  waiting_.emplace_hint(waiting_.end(), entry.id, std::move(entry));
  return last_id_;
}

const Entry* MemoryOutbox::take(Instant now) {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  if (release_all_ || (!due_.empty() && due_.begin()->first <= now)) {
    released_ = last_id_;
    due_.clear();
  }
  const auto next = waiting_.begin();
  if (next->first > released_) return nullptr;
  unindex(next->second);
  auto node = waiting_.extract(next);
  Entry& entry = node.mapped();
  if (entry.stream != kNoStream && entry.sequence == 0) entry.sequence = ++sequences_[entry.stream];
  return &under_way_.insert(std::move(node)).position->second;
}

std::optional<Entry> MemoryOutbox::settle(MessageId id) {
  const std::lock_guard lock(mutex_);
  auto node = under_way_.extract(id);
  if (node.empty()) return std::nullopt;
  bytes_ -= node.mapped().bytes();
  return std::move(node.mapped());
}

void MemoryOutbox::retry(MessageId id) {
  const std::lock_guard lock(mutex_);
  auto node = under_way_.extract(id);
  if (node.empty()) return;
  index(node.mapped());
  waiting_.insert(std::move(node));
}

std::vector<Casualty> MemoryOutbox::put_back() {
  const std::lock_guard lock(mutex_);
  std::vector<Casualty> lost;
  while (!under_way_.empty()) {
    auto node = under_way_.extract(under_way_.begin());
    Entry& entry = node.mapped();
    if (entry.qos == Qos::at_least_once) {
      index(entry);
      waiting_.insert(std::move(node));
      continue;
    }
    bytes_ -= entry.bytes();
    lost.push_back({std::move(entry),
                    Failure(Errc::connection_lost,
                            "the connection ended before this message was through; only QoS 1 is "
                            "sent again")});
  }
  return lost;
}

std::vector<Casualty> MemoryOutbox::expire(Instant now) {
  const std::lock_guard lock(mutex_);
  std::vector<Casualty> expired;
  while (!expiry_.empty() && expiry_.begin()->first <= now) {
    const auto found = waiting_.find(expiry_.begin()->second);
    unindex(found->second);
    auto node = waiting_.extract(found);
    bytes_ -= node.mapped().bytes();
    expired.push_back({std::move(node.mapped()),
                       Failure(Errc::expired, "its time to live ended before it could be sent")});
  }
  return expired;
}

void MemoryOutbox::release_all() {
  const std::lock_guard lock(mutex_);
  release_all_ = true;
}

std::vector<Entry> MemoryOutbox::clear() {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> all;
  all.reserve(under_way_.size() + waiting_.size());
  for (auto* entries : {&under_way_, &waiting_}) {
    for (auto& [id, entry] : *entries) all.push_back(std::move(entry));
    entries->clear();
  }
  due_.clear();
  expiry_.clear();
  bytes_ = 0;
  return all;
}

std::optional<Instant> MemoryOutbox::next_due(Instant now) const {
  const std::lock_guard lock(mutex_);
  std::optional<Instant> next;
  // Once one budget has ended, all that wait are due.
  if (!release_all_ && !due_.empty() && due_.begin()->first > now) next = due_.begin()->first;
  if (!expiry_.empty())
    next = next ? std::min(*next, expiry_.begin()->first) : expiry_.begin()->first;
  return next;
}

std::optional<Instant> MemoryOutbox::earliest_due() const {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return std::nullopt;
  const bool released = release_all_ || waiting_.begin()->first <= released_;
  return released || due_.empty() ? Instant::min() : due_.begin()->first;
}

Fill MemoryOutbox::fill() const {
  const std::lock_guard lock(mutex_);
  return {waiting_.size(), under_way_.size(), bytes_};
}

}  // namespace holdfast::outbox
