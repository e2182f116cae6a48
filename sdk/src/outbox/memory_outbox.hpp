// An outbox in memory: bounded, in order, gone with the process.

#pragma once

#include <mutex>

#include "outbox/shelf.hpp"

namespace holdfast::outbox {

class MemoryOutbox final : public Outbox {
 public:
  explicit MemoryOutbox(const OutboxLimits& limits) : shelf_(limits) {}

  void bound_stream(StreamId stream, const StreamBounds& bounds) override;
  MessageId put(Entry entry, std::vector<Casualty>& gone, Failure& refused) override;
  const Entry* take(Instant now) override;
  std::optional<Entry> settle(MessageId id) override;
  void retry(MessageId id) override;
  std::vector<Casualty> put_back() override;
  std::vector<Casualty> expire(Instant now) override;
  void release_all() override;
  void admit(Admission admission) override;
  std::vector<Entry> clear() override;
  std::optional<Instant> next_due(Instant now) const override;
  std::optional<Instant> earliest_due() const override;
  Fill fill() const override;

 private:
  mutable std::mutex mutex_;
  Shelf shelf_;
};

}  // namespace holdfast::outbox
