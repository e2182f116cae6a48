// A backlog that does not fit into memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "desk.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kMany = 3 * limits::kShelfMessages;

std::vector<MessageId> numbers(MessageId from, MessageId to) {
  std::vector<MessageId> ids(to - from + 1);
  std::iota(ids.begin(), ids.end(), from);
  return ids;
}

void put_many(Desk& desk, const Entry& entry, std::size_t count = kMany) {
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_NE(desk.put(entry), 0U) << desk.refused().detail;
    if (i % 200 == 0) desk.work();
  }
  desk.clerk().hurry(true);
  desk.work_while_due();
  desk.clerk().hurry(false);
}

std::size_t in_memory(Desk& desk) {
  return desk.clerk().fill().waiting - desk.clerk().shelf().away();
}

TEST(Backlog, StaysOnTheDiskAndGoesOutInOrder) {
  Desk desk;
  put_many(desk, Desk::message());
  EXPECT_LE(in_memory(desk), limits::kShelfMessages);
  EXPECT_EQ(desk.clerk().fill().waiting, kMany);
  EXPECT_EQ(desk.drain(), numbers(1, kMany));
  EXPECT_EQ(desk.clerk().fill().waiting, 0U);
  EXPECT_EQ(desk.clerk().fill().bytes, 0U);
  desk.now += 1h;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
}

TEST(Backlog, IsFoundAfterACrashWithoutBeingReadAtOnce) {
  Desk desk;
  put_many(desk, desk.reading());
  const std::size_t bytes = desk.clerk().fill().bytes;
  desk.crash();
  EXPECT_EQ(desk.clerk().fill().waiting, kMany);
  EXPECT_EQ(desk.clerk().fill().bytes, bytes);
  EXPECT_LE(in_memory(desk), limits::kPageMessages);
  EXPECT_EQ(desk.drain(), numbers(1, kMany));
}

TEST(Backlog, StreamsAreNumberedWithoutAGapAsTheyGo) {
  Desk desk;
  put_many(desk, desk.reading());
  std::uint32_t expected = 0;
  while (const Entry* entry = desk.take()) {
    ASSERT_EQ(entry->sequence, ++expected);
    desk.settle(entry->id);
  }
  EXPECT_EQ(expected, kMany);
}

TEST(Backlog, WhatIsUrgentGoesBeforeIt) {
  Desk desk;
  put_many(desk, Desk::message());
  desk.take();
  Entry urgent = Desk::message();
  urgent.priority = Priority::urgent;
  const MessageId id = desk.put(urgent);
  EXPECT_EQ(desk.take()->id, id);
}

TEST(Backlog, WhatIsNewGoesFirstWhereThatWasAskedFor) {
  Desk desk;
  Entry live = Desk::message();
  live.order = Order::newest_first;
  put_many(desk, live);
  auto expected = numbers(1, kMany);
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(desk.drain(), expected);
}

TEST(Backlog, WhatComesWhileItDrainsWaitsForItsTurn) {
  Desk desk;
  put_many(desk, Desk::message());
  std::vector<MessageId> ids;
  while (const Entry* entry = desk.take()) {
    ids.push_back(entry->id);
    desk.settle(ids.back());
    if (ids.size() % 3 == 0 && ids.size() < kMany) desk.put(Desk::message());
    if (ids.size() % 50 == 0) desk.work();
  }
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(ids.size(), desk.clerk().shelf().last_id());
}

TEST(Backlog, ALineThatBreaksAgainAndAgainLosesNothing) {
  Desk desk;
  put_many(desk, desk.reading());
  std::map<MessageId, std::uint32_t> seen;
  for (int round = 0; seen.size() < kMany && round < 10'000; ++round) {
    std::vector<MessageId> under_way;
    for (int i = 0; i < 100; ++i) {
      const Entry* entry = desk.take();
      if (entry == nullptr) break;
      const auto first = seen.emplace(entry->id, entry->sequence).first;
      ASSERT_EQ(first->second, entry->sequence) << "a second copy has its first number";
      under_way.push_back(entry->id);
    }
    for (const MessageId id : under_way) {
      if (id % 7 != static_cast<MessageId>(round % 7)) desk.settle(id);
    }
    desk.clerk().put_back();
    if (round % 20 == 19) desk.crash(static_cast<std::uint64_t>(round));
  }
  EXPECT_THAT(seen, SizeIs(kMany));
}

TEST(Backlog, ExpiresOnTheDisk) {
  Desk desk;
  Entry brief = Desk::message();
  brief.expires = desk.now + 1h;
  put_many(desk, brief);
  desk.put(Desk::message());
  desk.work();
  ASSERT_GT(desk.clerk().shelf().away(), 1'000U);
  desk.now += 1h + 1s;
  std::size_t expired = 0;
  for (int i = 0; i < 1'000 && desk.clerk().fill().waiting > 1; ++i) {
    expired += desk.clerk().expire(desk.now).size();
    desk.work_while_due();
    desk.now += 100ms;
  }
  EXPECT_EQ(desk.clerk().fill().waiting, 1U);
  EXPECT_EQ(expired + desk.gone.size(), kMany);
  EXPECT_THAT(desk.drain(), ElementsAre(kMany + 1));
}

TEST(Backlog, NextDueTellsOfATimeToLiveOnTheDisk) {
  Desk desk;
  Entry brief = Desk::message();
  put_many(desk, brief);
  brief.expires = desk.now + 1h;
  desk.put(brief);
  desk.work();
  desk.crash();
  desk.work();
  EXPECT_EQ(desk.clerk().next_due(desk.now), desk.now + 1h);
}

TEST(Backlog, DropsTheOldestOnTheDiskForABound) {
  Desk desk({.messages = 100'000, .bytes = 10'000'000});
  const Entry reading = desk.reading();
  desk.clerk().shelf().bound_stream(reading.stream,
                                    {.messages = kMany, .when_full = WhenFull::drop_oldest});
  put_many(desk, Desk::message("other"), 10);
  put_many(desk, reading, kMany + 100);
  desk.work_while_due();
  EXPECT_EQ(desk.clerk().fill().waiting, kMany + 10);
  EXPECT_EQ(ids_of(desk.gone), numbers(11, 110));
  auto left = numbers(1, 10);
  for (const MessageId id : numbers(111, kMany + 110)) left.push_back(id);
  EXPECT_EQ(desk.drain(), left);
}

TEST(Backlog, DropsTheOldestOfThoseThatGoNewestFirst) {
  Desk desk({.messages = kMany, .bytes = 10'000'000, .when_full = WhenFull::drop_oldest});
  Entry live = Desk::message();
  live.order = Order::newest_first;
  put_many(desk, live, kMany + 500);
  desk.work_while_due();
  auto dropped = ids_of(desk.gone);
  std::sort(dropped.begin(), dropped.end());
  EXPECT_EQ(dropped, numbers(1, 500));
  EXPECT_EQ(desk.drain().size(), kMany);
}

TEST(Backlog, DropsTheLowestPriorityFirst) {
  Desk desk({.messages = kMany, .bytes = 10'000'000, .when_full = WhenFull::drop_lowest_priority});
  Entry low = Desk::message();
  low.priority = Priority::low;
  put_many(desk, Desk::message(), kMany - 50);
  put_many(desk, low, 50);
  put_many(desk, Desk::message(), 40);
  desk.work_while_due();
  EXPECT_EQ(ids_of(desk.gone), numbers(kMany - 49, kMany - 10));
}

TEST(Backlog, RefusesForABoundWhatIsOnTheDiskTogetherWithWhatIsInMemory) {
  Desk desk({.messages = kMany, .bytes = 10'000'000});
  put_many(desk, Desk::message());
  EXPECT_EQ(desk.put(Desk::message()), 0U);
  EXPECT_EQ(desk.refused().error, Errc::outbox_full);
  desk.crash();
  EXPECT_EQ(desk.put(Desk::message()), 0U);
}

TEST(Backlog, CallsBackForWhatWasOnTheDiskAlone) {
  Desk desk;
  std::size_t done = 0;
  Entry entry = Desk::message();
  entry.on_done = [&](const Delivery&) { ++done; };
  put_many(desk, entry);
  while (const Entry* taken = desk.take()) {
    auto left = desk.settle(taken->id);
    ASSERT_TRUE(left->on_done);
    left->on_done({});
  }
  EXPECT_EQ(done, kMany);
}

TEST(Backlog, ValuesWithAKeyAreReplacedInTheMiddleOfIt) {
  Desk desk;
  Entry state = Desk::message();
  put_many(desk, Desk::message());
  state.key = "k";
  desk.put(state);
  put_many(desk, Desk::message());
  desk.crash();
  const MessageId newer = desk.put(state);
  desk.work();
  const auto order = desk.drain();
  ASSERT_THAT(order, SizeIs(2 * kMany + 1));
  EXPECT_EQ(order[kMany], newer);
}

TEST(Backlog, ALostFileIsToldWithWhatItAloneHad) {
  Desk desk;
  put_many(desk, Desk::message());
  const std::size_t away = desk.clerk().shelf().away();
  EXPECT_EQ(desk.clerk().file_lost(desk.now).lost, away);
  EXPECT_EQ(desk.clerk().fill().waiting, kMany - away);
}

// --- Time that the device was off ------------------------------------------------------------

class OutboxClock : public testing::Test {
 protected:
  // A message with an hour to live, half an hour before the power goes.
  void live_half_an_hour(bool knows_the_time) {
    if (knows_the_time) desk.clerk().wall_clock(1'700'000'000, desk.now);
    Entry entry = Desk::message();
    entry.expires = desk.now + 1h;
    desk.put(entry);
    desk.work();
    desk.now += 30min;
    desk.put(Desk::message());
    desk.work();
  }
  Duration left_to_live() {
    desk.clerk().expire(desk.now);
    desk.work_while_due();
    const Entry* entry = desk.take();
    if (entry == nullptr || !entry->expires) return {};
    return *entry->expires - desk.now;
  }

  Desk desk;
};

TEST_F(OutboxClock, CountsTheTimeThatItRan) {
  live_half_an_hour(false);
  desk.now += 5h;  // off, and nobody knows for how long
  desk.crash();
  EXPECT_EQ(left_to_live(), 30min);
}

TEST_F(OutboxClock, CountsTheTimeOffWhenBothClocksAreKnown) {
  live_half_an_hour(true);
  desk.crash();
  desk.now += 1min;  // until the time is known
  desk.clerk().wall_clock(1'700'000'000 + 31 * 60 + 20 * 60, desk.now);
  EXPECT_EQ(left_to_live(), 9min);
}

TEST_F(OutboxClock, DoesNotCountAClockThatJumpsBackOrFarAhead) {
  for (const std::uint64_t wrong : {1'600'000'000U, 1'800'000'000U, 0U}) {
    SCOPED_TRACE(wrong);
    Desk fresh;
    std::swap(desk, fresh);
    live_half_an_hour(true);
    desk.crash();
    desk.clerk().wall_clock(wrong, desk.now);
    EXPECT_EQ(left_to_live(), 30min);
  }
}

TEST_F(OutboxClock, WhatExpiredWhileThePowerWasOffIsNotSent) {
  live_half_an_hour(true);
  desk.crash();
  desk.clerk().wall_clock(1'700'000'000 + 3600 + 1, desk.now);
  desk.work_while_due();
  desk.clerk().expire(desk.now);
  desk.work_while_due();
  EXPECT_THAT(desk.drain(), ElementsAre(2));
}

TEST_F(OutboxClock, AClockThatJumpsWhileItRunsChangesNothing) {
  live_half_an_hour(true);
  desk.clerk().wall_clock(1'700'000'000 + 365 * 86'400, desk.now);
  EXPECT_EQ(left_to_live(), 30min);
}

}  // namespace
}  // namespace holdfast::outbox
