// A clerk at work on a real file, one step at a time and in virtual time.

#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outbox/clerk.hpp"
#include "outbox/store.hpp"
#include "sample_entry.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::outbox {

class Desk {
 public:
  explicit Desk(const OutboxLimits& limits = {}, std::uint64_t epoch = 1) : limits_(limits) {
    open(epoch);
  }

  /// What a process that dies leaves, taken up by the next one.
  void crash(std::uint64_t epoch = 2) {
    clerk_.reset();
    store_.reset();
    open(epoch);
  }

  Clerk& clerk() { return *clerk_; }
  Store& store() { return *store_; }
  Instant now = kStart;

  /// A message on a stream, as a rule; written at once.
  static Entry message(const std::string& topic = "t", std::size_t bytes = 10) {
    Entry entry;
    entry.topic = topic;
    entry.payload.resize(bytes);
    entry.durable = Durable::at_push();
    return entry;
  }
  Entry reading(const std::string& topic = "s") {
    Entry entry = message(topic);
    entry.stream = clerk().shelf().stream_on(topic);
    return entry;
  }
  MessageId put(Entry entry) {
    Failure refused;
    const MessageId id = clerk().put(std::move(entry), gone, refused, now);
    refused_ = refused;
    return id;
  }
  const Failure& refused() const { return refused_; }

  /// One piece of work, whether it is due or not.
  void work() {
    Clerk::Work work = clerk().begin(now);
    if (work.writes()) {
      const Failure failure = store().commit(work.batch);
      ASSERT_FALSE(failure) << failure.detail;
    }
    done(work);
  }
  /// All that is due.
  void work_while_due() {
    for (int i = 0; i < 10'000; ++i) {
      const auto next = clerk().next_work(now);
      if (!next || *next > now) return;
      work();
    }
    FAIL() << "the clerk finds no end";
  }
  /// A commit that fails.
  void fail(bool full = false) { clerk().failed(clerk().begin(now), full, now); }

  /// Begins one, and leaves it under way.
  Clerk::Work begin() {
    Clerk::Work work = clerk().begin(now);
    EXPECT_FALSE(store().commit(work.batch));
    return work;
  }
  void done(const Clerk::Work& work) {
    Clerk::Found found;
    if (work.page) {
      found.page = store().read(work.page_from, limits::kPageMessages, limits::kPageBytes);
      found.page_is_last = found.page.empty();
    }
    if (work.expired) found.expired = store().expired(work.batch.clock, 100);
    for (const auto& overrun : work.overruns) {
      std::optional<std::string> topic;
      if (overrun.of_stream) topic = overrun.topic;
      found.victims.push_back(store().oldest(topic, overrun.lowest_first, 1'000));
    }
    found.next_expiry = store().next_expiry();
    auto news = clerk().done(work, std::move(found), now);
    for (const Written& one : news.written) written.push_back(one.id);
    for (Casualty& lost : news.gone) gone.push_back(std::move(lost));
  }

  /// The next message, with all the work on the file that it needs.
  const Entry* take() {
    for (int i = 0; i < 100; ++i) {
      if (const Entry* entry = clerk().take(now)) return entry;
      const auto next = clerk().next_work(now);
      if (!next || *next > now) return nullptr;
      work();
    }
    return nullptr;
  }
  std::optional<Entry> settle(MessageId id, const Failure& refused = {}) {
    return clerk().settle(id, refused, now);
  }
  /// Takes and acknowledges all; @return their numbers in the order in which they went.
  std::vector<MessageId> drain() {
    std::vector<MessageId> ids;
    while (const Entry* entry = take()) {
      ids.push_back(entry->id);
      settle(ids.back());
    }
    return ids;
  }

  std::vector<MessageId> rows() {
    std::vector<MessageId> ids;
    for (const Row& row : store().read({}, 100'000, SIZE_MAX)) ids.push_back(row.place.id);
    return ids;
  }

  std::vector<MessageId> written;
  std::vector<Casualty> gone;

 private:
  void open(std::uint64_t epoch) {
    std::string remark;
    Failure failure;
    store_ = Store::open({.directory = directory_.path()}, remark, failure);
    ASSERT_TRUE(store_) << failure.detail;
    EXPECT_EQ(remark, "");
    clerk_ = std::make_unique<Clerk>(limits_, epoch);
    clerk_->opened({store_->found(), store_->keyed()}, now);
  }

  test::TempDir directory_;
  OutboxLimits limits_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Clerk> clerk_;
  Failure refused_;
};

}  // namespace holdfast::outbox
