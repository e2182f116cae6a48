// Random operations on the outbox and on a model of it that is too simple to be wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <utility>

#include "sample_entry.hpp"

namespace holdfast::outbox {
namespace {

constexpr OutboxLimits kLimits{.messages = 20, .bytes = 600};

class Model {
 public:
  // The number, and what went for it.
  std::pair<MessageId, std::vector<MessageId>> put(Entry entry) {
    std::vector<MessageId> gone;
    if (!entry.key.empty()) {
      for (Item& item : entries_) {
        if (!item.handed && item.entry.key == entry.key) {
          gone.push_back(item.entry.id);
          if (item.entry.priority == entry.priority && entry.order == Order::oldest_first) {
            entry.sequence = static_cast<std::uint32_t>(item.rank);  // only to carry it
          }
        }
      }
    }
    const auto kept = [&gone](const Item& item) {
      return std::find(gone.begin(), gone.end(), item.entry.id) == gone.end();
    };
    std::size_t count = 0;
    std::size_t bytes = entry.bytes();
    for (const Item& item : entries_) {
      if (!kept(item)) continue;
      ++count;
      bytes += item.entry.bytes();
    }
    if (count >= kLimits.messages || bytes > kLimits.bytes) return {0, {}};
    std::erase_if(entries_, [&kept](const Item& item) { return !kept(item); });
    entry.id = ++last_id_;
    auto rank = static_cast<std::int64_t>(entry.id);
    if (entry.order == Order::newest_first) rank = -rank;
    if (entry.sequence != 0) rank = static_cast<std::int32_t>(std::exchange(entry.sequence, 0));
    entries_.push_back({std::move(entry), rank, false, false});
    return {last_id_, gone};
  }

  // The number and the sequence number of what is handed out; 0 for nothing.
  std::pair<MessageId, std::uint32_t> take(Instant now) {
    const bool any_due = std::any_of(entries_.begin(), entries_.end(), [now](const Item& item) {
      return !item.under_way && (item.handed || !item.entry.due || *item.entry.due <= now);
    });
    if (!any_due) return {0, 0};
    Item* first = nullptr;
    for (Item& item : entries_) {
      if (item.under_way) continue;
      item.entry.due.reset();
      if (first == nullptr || item.place() < first->place()) first = &item;
    }
    first->under_way = first->handed = true;
    if (first->entry.stream != kNoStream && first->entry.sequence == 0) {
      first->entry.sequence = ++sequences_[first->entry.stream];
    }
    return {first->entry.id, first->entry.sequence};
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
      sooner(due, item.handed || !item.entry.due ? Instant::min() : *item.entry.due);
      if (item.entry.expires) sooner(expiry, *item.entry.expires);
    }
    if (due && *due > now) sooner(expiry, *due);  // what is due already is no time to wait for
    return expiry;
  }

  Fill fill() const {
    const auto under_way = static_cast<std::size_t>(std::count_if(
        entries_.begin(), entries_.end(), [](const Item& item) { return item.under_way; }));
    return {.waiting = entries_.size() - under_way, .under_way = under_way, .bytes = bytes()};
  }

 private:
  struct Item {
    Entry entry;
    std::int64_t rank;
    bool under_way;
    bool handed;

    std::tuple<int, std::int64_t, MessageId> place() const {
      return {-static_cast<int>(entry.priority), rank, entry.id};
    }
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
  Outbox box(kLimits);
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
        entry.priority = static_cast<Priority>(draw(3));
        if (draw(4) == 0) entry.order = Order::newest_first;
        if (draw(4) == 0) entry.key = std::string(1, static_cast<char>('a' + draw(3)));
        entry.due.reset();
        if (draw(2) == 0) entry.due = now + std::chrono::seconds(draw(4) * 5);
        if (draw(2) == 0) entry.expires = now + std::chrono::seconds(1 + draw(40));
        std::vector<Casualty> gone;
        Failure refused;
        const MessageId id = box.put(entry, gone, refused);
        ASSERT_EQ(std::pair(id, ids_of(gone)), model.put(entry));
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
