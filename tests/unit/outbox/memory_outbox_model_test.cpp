// Random operations on the outbox and on a model of it that is too simple to be wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "sample_entry.hpp"

namespace holdfast::outbox {
namespace {

constexpr OutboxLimits kLimits{.messages = 20, .bytes = 600};

class Model {
 public:
  MessageId put(Entry entry) {
    if (entries_.size() >= kLimits.messages || bytes() + entry.bytes() > kLimits.bytes) return 0;
    entry.id = ++last_id_;
    entries_.push_back({std::move(entry), false, false});
    return last_id_;
  }

  // The number and the sequence number of what is handed out; 0 for nothing.
  std::pair<MessageId, std::uint32_t> take(Instant now) {
    const bool any_due = std::any_of(entries_.begin(), entries_.end(), [now](const Item& item) {
      return !item.under_way && !item.released && item.entry.due <= now;
    });
    for (Item& item : entries_) item.released = item.released || any_due;
    for (Item& item : entries_) {
      if (item.under_way) continue;
      if (!item.released) return {0, 0};
      item.under_way = true;
      if (item.entry.stream != kNoStream && item.entry.sequence == 0) {
        item.entry.sequence = ++sequences_[item.entry.stream];
      }
      return {item.entry.id, item.entry.sequence};
    }
    return {0, 0};
  }

  bool settle(MessageId id) {
    return remove([id](const Item& item) {
             return item.under_way && item.entry.id == id;
           }).size() == 1;
  }
  void retry(MessageId id) {
    for (Item& item : entries_) item.under_way = item.under_way && item.entry.id != id;
  }
  std::vector<MessageId> put_back() {
    auto lost = remove(
        [](const Item& item) { return item.under_way && item.entry.qos != Qos::at_least_once; });
    for (Item& item : entries_) item.under_way = false;
    return lost;
  }
  std::vector<MessageId> expire(Instant now) {
    return remove([now](const Item& item) {
      return !item.under_way && item.entry.expires && *item.entry.expires <= now;
    });
  }
  std::size_t clear() {
    return remove([](const Item&) { return true; }).size();
  }

  std::optional<Instant> next_due(Instant now) const {
    std::optional<Instant> due;
    std::optional<Instant> expiry;
    const auto sooner = [](std::optional<Instant>& time, Instant at) {
      time = time ? std::min(*time, at) : at;
    };
    for (const Item& item : entries_) {
      if (item.under_way) continue;
      if (!item.released) sooner(due, item.entry.due);
      if (item.entry.expires) sooner(expiry, *item.entry.expires);
    }
    if (due && *due > now) sooner(expiry, *due);  // what is due already is no time to wait for
    return expiry;
  }

  Fill fill() const {
    const auto under_way = static_cast<std::size_t>(std::count_if(
        entries_.begin(), entries_.end(), [](const Item& item) { return item.under_way; }));
    return {entries_.size() - under_way, under_way, bytes()};
  }

 private:
  struct Item {
    Entry entry;
    bool under_way;
    bool released;
  };

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Item& item : entries_) sum += item.entry.bytes();
    return sum;
  }
  template <class Wanted>
  std::vector<MessageId> remove(Wanted wanted) {
    std::vector<MessageId> ids;
    for (const Item& item : entries_) {
      if (wanted(item)) ids.push_back(item.entry.id);
    }
    std::erase_if(entries_, wanted);
    return ids;
  }

  std::vector<Item> entries_;  // in the order of acceptance
  std::map<StreamId, std::uint32_t> sequences_;
  MessageId last_id_ = 0;
};

class RandomOperations : public testing::TestWithParam<unsigned> {};

TEST_P(RandomOperations, LeaveTheOutboxAndTheModelAlike) {
  std::mt19937 engine(GetParam());
  const auto draw = [&engine](unsigned below) { return static_cast<unsigned>(engine() % below); };
  MemoryOutbox box(kLimits);
  Model model;
  Instant now = kStart;
  MessageId last = 0;

  for (int step = 0; step < 3'000; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    now += std::chrono::seconds(draw(3));
    switch (draw(20)) {
      case 0: {
        const auto lost = box.put_back();
        auto ids = ids_of(lost);
        std::sort(ids.begin(), ids.end());
        ASSERT_EQ(ids, model.put_back());
        break;
      }
      case 1: {
        auto ids = ids_of(box.expire(now));
        std::sort(ids.begin(), ids.end());
        ASSERT_EQ(ids, model.expire(now));
        break;
      }
      case 2: {
        const MessageId id = last == 0 ? 0 : 1 + draw(static_cast<unsigned>(last));
        box.retry(id);
        model.retry(id);
        break;
      }
      case 3:
        if (draw(20) == 0) {
          ASSERT_EQ(box.clear().size(), model.clear());
        }
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 8: {
        const MessageId id = last == 0 ? 0 : 1 + draw(static_cast<unsigned>(last));
        ASSERT_EQ(box.settle(id).has_value(), model.settle(id));
        break;
      }
      case 9:
      case 10:
      case 11:
      case 12:
      case 13: {
        const Entry* taken = box.take(now);
        const auto expected = model.take(now);
        ASSERT_EQ(taken == nullptr ? 0 : taken->id, expected.first);
        ASSERT_EQ(taken == nullptr ? 0 : taken->sequence, expected.second);
        break;
      }
      default: {
        Entry entry = sample_entry("t", draw(60));
        entry.qos = static_cast<Qos>(draw(3));
        entry.stream = draw(3);
        entry.due = now + std::chrono::seconds(draw(4) * 5);
        if (draw(2) == 0) entry.expires = now + std::chrono::seconds(1 + draw(40));
        const MessageId id = put(box, entry);
        ASSERT_EQ(id, model.put(entry));
        last = std::max(last, id);
      }
    }
    const Fill fill = box.fill();
    const Fill expected = model.fill();
    ASSERT_EQ(fill.waiting, expected.waiting);
    ASSERT_EQ(fill.under_way, expected.under_way);
    ASSERT_EQ(fill.bytes, expected.bytes);
    ASSERT_EQ(box.next_due(now), model.next_due(now));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomOperations, testing::Range(1U, 21U));

}  // namespace
}  // namespace holdfast::outbox
