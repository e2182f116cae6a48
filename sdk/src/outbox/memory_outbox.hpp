// An outbox in memory: bounded, in order, gone with the process.

#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>

#include "outbox/outbox.hpp"

namespace holdfast::outbox {

class MemoryOutbox final : public Outbox {
 public:
  explicit MemoryOutbox(const OutboxLimits& limits);

  MessageId put(Entry entry, Failure& refused) override;
  const Entry* take(Instant now) override;
  std::optional<Entry> settle(MessageId id) override;
  void retry(MessageId id) override;
  std::vector<Casualty> put_back() override;
  std::vector<Casualty> expire(Instant now) override;
  void release_all() override;
  std::vector<Entry> clear() override;
  std::optional<Instant> next_due(Instant now) const override;
  std::optional<Instant> earliest_due() const override;
  Fill fill() const override;

 private:
  // Numbers rise with time, so that the order of a map's keys is the order of acceptance.
  using Entries = std::map<MessageId, Entry>;

  void index(const Entry& entry);
  void unindex(const Entry& entry);

  const OutboxLimits limits_;
  mutable std::mutex mutex_;
  Entries waiting_;
  Entries under_way_;
  std::multimap<Instant, MessageId> due_;     // of waiting entries above `released_`
  std::multimap<Instant, MessageId> expiry_;  // of waiting entries
  std::unordered_map<StreamId, std::uint32_t> sequences_;
  MessageId last_id_ = 0;
  MessageId released_ = 0;  // entries up to this number wait for nothing any more
  bool release_all_ = false;
  std::size_t bytes_ = 0;
};

}  // namespace holdfast::outbox
