#include "outbox/memory_outbox.hpp"

#include <utility>

namespace holdfast::outbox {

void MemoryOutbox::bound_stream(StreamId stream, const StreamBounds& bounds) {
  const std::lock_guard lock(mutex_);
  shelf_.bound_stream(stream, bounds);
}

MessageId MemoryOutbox::put(Entry entry, std::vector<Casualty>& gone, Failure& refused) {
  const std::lock_guard lock(mutex_);
  return shelf_.put(std::move(entry), gone, refused);
}

const Entry* MemoryOutbox::take(Instant now) {
  const std::lock_guard lock(mutex_);
  return shelf_.take(now);
}

std::optional<Entry> MemoryOutbox::settle(MessageId id) {
  const std::lock_guard lock(mutex_);
  return shelf_.settle(id);
}

void MemoryOutbox::retry(MessageId id) {
  const std::lock_guard lock(mutex_);
  shelf_.retry(id);
}

std::vector<Casualty> MemoryOutbox::put_back() {
  const std::lock_guard lock(mutex_);
  return shelf_.put_back();
}

std::vector<Casualty> MemoryOutbox::expire(Instant now) {
  const std::lock_guard lock(mutex_);
  return shelf_.expire(now);
}

void MemoryOutbox::release_all() {
  const std::lock_guard lock(mutex_);
  shelf_.release_all();
}

void MemoryOutbox::admit(Admission admission) {
  const std::lock_guard lock(mutex_);
  shelf_.admit(admission);
}

std::vector<Entry> MemoryOutbox::clear() {
  const std::lock_guard lock(mutex_);
  return shelf_.clear();
}

std::optional<Instant> MemoryOutbox::next_due(Instant now) const {
  const std::lock_guard lock(mutex_);
  return shelf_.next_due(now);
}

std::optional<Instant> MemoryOutbox::earliest_due() const {
  const std::lock_guard lock(mutex_);
  return shelf_.earliest_due();
}

Fill MemoryOutbox::fill() const {
  const std::lock_guard lock(mutex_);
  return shelf_.fill();
}

}  // namespace holdfast::outbox
