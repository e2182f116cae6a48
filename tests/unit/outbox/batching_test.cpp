// Readings that wait at the same time become one message, with one number and one row.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <holdfast/payload.hpp>

#include "desk.hpp"
#include "payload/batch.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kMost = 1'000;

std::vector<std::byte> body(unsigned number) {
  std::vector<std::byte> bytes(10, std::byte{0xAA});
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::byte>(number >> (8 * i));
  return bytes;
}

// The readings in a message, as the broker gets it.
std::vector<unsigned> readings(const Entry& entry) {
  Body opened;
  const auto sent = payload::seal({entry.epoch, entry.sequence, 0}, entry.payload);
  EXPECT_FALSE(open_envelope(sent, opened));
  EXPECT_EQ(opened.origin->sequence, entry.sequence);
  std::vector<unsigned> numbers;
  for (std::size_t i = 0; i < opened.count(); ++i) {
    unsigned number = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      number |= std::to_integer<unsigned>(opened.at(i)[j]) << (8 * j);
    }
    numbers.push_back(number);
  }
  return numbers;
}

class Batching : public testing::Test {
 protected:
  void SetUp() override { desk.clerk().shelf().batch_stream(stream(), kMost); }

  StreamId stream() { return desk.clerk().shelf().stream_on("s"); }
  Entry reading(Durable durable = Durable::never(), Duration max_delay = 60s) {
    Entry entry;
    entry.topic = "s";
    entry.stream = stream();
    entry.payload = body(++last_);
    entry.durable = durable;
    if (max_delay > 0s) entry.due = desk.now + max_delay;
    return entry;
  }
  void push(unsigned count, Durable durable = Durable::never(), Duration max_delay = 60s) {
    for (unsigned i = 0; i < count; ++i) ASSERT_NE(desk.put(reading(durable, max_delay)), 0U);
  }
  // What goes out now, each message settled.
  std::vector<std::vector<unsigned>> sent() {
    std::vector<std::vector<unsigned>> messages;
    while (const Entry* entry = desk.take()) {
      messages.push_back(readings(*entry));
      numbers.push_back(entry->sequence);
      desk.settle(entry->id);
    }
    return messages;
  }

  Desk desk;
  unsigned last_ = 0;
  std::vector<std::uint32_t> numbers;
};

TEST_F(Batching, ReadingsWaitForTheirDelayAndShareAMessage) {
  push(5);
  desk.now += 59s;
  EXPECT_THAT(sent(), IsEmpty());
  desk.now += 1s;
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2, 3, 4, 5)));
  EXPECT_THAT(numbers, ElementsAre(1));
  EXPECT_EQ(desk.clerk().fill().waiting, 0U);
  EXPECT_EQ(desk.clerk().fill().bytes, 0U);
}

TEST_F(Batching, AFullMessageGoesAtOnce) {
  // Each reading counts with its payload alone until a message was made.
  push(99);
  EXPECT_THAT(sent(), IsEmpty());
  push(1);
  const auto messages = sent();
  ASSERT_FALSE(messages.empty());
  EXPECT_GT(messages.front().size(), 30U);
  std::size_t sum = 0;
  for (const auto& message : messages) sum += message.size();
  EXPECT_EQ(sum, 100U);
}

TEST_F(Batching, NoMessageIsLongerThanTheStreamAllows) {
  push(500, Durable::never(), 0s);
  while (const Entry* entry = desk.take()) {
    EXPECT_LE(payload::seal({1, 1, 0}, entry->payload).size(), kMost);
    desk.settle(entry->id);
  }
}

TEST_F(Batching, ReadingsRideAlongWithWhatGoesOutAnyway) {
  push(3);
  Entry urgent = Desk::message("alarm");
  urgent.durable = Durable::never();
  urgent.priority = Priority::urgent;
  desk.put(std::move(urgent));
  ASSERT_EQ(desk.take()->topic, "alarm");
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2, 3)));
}

TEST_F(Batching, AStreamWithoutBatchesSendsEachReadingAlone) {
  desk.clerk().shelf().batch_stream(stream(), 0);
  push(3, Durable::never(), 0s);
  EXPECT_THAT(sent(), SizeIs(3));
}

TEST_F(Batching, StoredReadingsKeepTheirDelayWhileALineIsUp) {
  EXPECT_THAT(sent(), IsEmpty());  // a line that takes
  push(2, Durable::at_push());
  desk.now += 1s;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), SizeIs(2));
  EXPECT_THAT(sent(), IsEmpty());
  desk.now += 60s;
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2)));
}

TEST_F(Batching, StoredReadingsBecomeOneRowBeforeTheyAreSent) {
  push(4, Durable::at_push());
  desk.now += 60s;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), SizeIs(4));
  const Entry* entry = desk.take();
  ASSERT_NE(entry, nullptr);
  EXPECT_THAT(readings(*entry), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(desk.rows(), ElementsAre(1));
  // A crash finds it as it was sent.
  const std::uint32_t number = entry->sequence;
  const std::uint64_t epoch = entry->epoch;
  desk.crash();
  desk.clerk().shelf().batch_stream(stream(), kMost);
  const Entry* again = desk.take();
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->sequence, number);
  EXPECT_EQ(again->epoch, epoch);
  EXPECT_THAT(readings(*again), ElementsAre(1, 2, 3, 4));
  desk.settle(again->id);
  desk.now += 1h;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
}

// The line looks for more with each reading that comes. Those that came while a number was being
// written would each have got a message, and a number, of their own.
TEST_F(Batching, ReadingsThatComeWhileANumberIsWrittenShareTheNextMessage) {
  push(3, Durable::at_push(), 0s);
  desk.work();
  ASSERT_EQ(desk.clerk().take(desk.now), nullptr);  // it needs its number first
  const Clerk::Work commit = desk.begin();
  for (int i = 0; i < 3; ++i) {
    push(1, Durable::at_push(), 0s);
    ASSERT_EQ(desk.clerk().take(desk.now), nullptr);
  }
  desk.done(commit);
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2, 3), ElementsAre(4, 5, 6)));
  EXPECT_THAT(numbers, ElementsAre(1, 2));
}

TEST_F(Batching, SmallReadingsBehindALargeOneFillItsMessage) {
  Entry large = reading();
  large.payload.resize(200);
  ASSERT_NE(desk.put(std::move(large)), 0U);
  push(30);
  desk.now += 60s;
  EXPECT_THAT(sent(), ElementsAre(SizeIs(31)));
}

TEST_F(Batching, ACrashBeforeTheCommitFindsTheReadingsApart) {
  push(3, Durable::at_push());
  desk.now += 60s;
  desk.work_while_due();
  EXPECT_EQ(desk.clerk().take(desk.now), nullptr);  // numbered in memory, and not on the disk
  desk.crash();
  EXPECT_THAT(desk.rows(), SizeIs(3));
  EXPECT_THAT(sent(), SizeIs(3));
}

TEST_F(Batching, ACommitThatFailsIsDoneAgain) {
  push(3, Durable::at_push());
  desk.now += 60s;
  desk.work_while_due();
  EXPECT_EQ(desk.clerk().take(desk.now), nullptr);
  desk.fail();
  EXPECT_THAT(desk.rows(), SizeIs(3));
  EXPECT_EQ(desk.clerk().take(desk.now), nullptr);
  desk.now += 1h;
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2, 3)));
  desk.now += 1h;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
}

TEST_F(Batching, ReadingsThatAreAcknowledgedInTimeNeverTouchTheDisk) {
  push(10, Durable::within(120s), 60s);
  desk.now += 60s;
  desk.work_while_due();
  EXPECT_THAT(sent(), ElementsAre(SizeIs(10)));
  desk.now += 1h;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
  EXPECT_THAT(desk.written, IsEmpty());
}

TEST_F(Batching, ReadingsThatAreWrittenLateShareARow) {
  push(10, Durable::within(60s), 60s);
  desk.now += 30s;
  push(10, Durable::within(60s), 60s);
  desk.now += 30s;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), ElementsAre(1));
  EXPECT_THAT(desk.written, SizeIs(20));
  desk.crash();
  desk.clerk().shelf().batch_stream(stream(), kMost);
  const Entry* entry = desk.take();
  ASSERT_NE(entry, nullptr);
  EXPECT_THAT(readings(*entry), SizeIs(20));
  EXPECT_EQ(entry->readings, 20U);
}

TEST_F(Batching, RowsOfAnOutageShareMessages) {
  for (int i = 0; i < 30; ++i) {
    push(1, Durable::at_push());
    desk.now += 30s;
    desk.work_while_due();
  }
  desk.crash();
  desk.clerk().shelf().batch_stream(stream(), kMost);
  EXPECT_THAT(sent(), ElementsAre(SizeIs(30)));
}

TEST_F(Batching, ABacklogThatIsAwayKeepsItsOrder) {
  constexpr unsigned kMany = 2 * limits::kShelfMessages;
  for (unsigned i = 0; i < kMany; ++i) {
    push(1, Durable::at_push(), 0s);
    if (i % 200 == 0) desk.work();
  }
  desk.clerk().hurry(true);
  desk.work_while_due();
  desk.clerk().hurry(false);
  std::vector<unsigned> all;
  std::size_t messages = 0;
  for (const auto& message : sent()) {
    all.insert(all.end(), message.begin(), message.end());
    ++messages;
  }
  EXPECT_THAT(all, SizeIs(kMany));
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_LT(messages, kMany / 20);
  EXPECT_EQ(desk.clerk().fill().waiting, 0U);
}

TEST_F(Batching, TheNewestGoFirstAndInTheirOrder) {
  for (int i = 0; i < 3; ++i) {
    Entry entry = reading();
    entry.order = Order::newest_first;
    desk.put(std::move(entry));
  }
  desk.now += 60s;
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2, 3)));
}

TEST_F(Batching, EachReadingHearsOfItsDelivery) {
  push(3);
  desk.now += 60s;
  const Entry* entry = desk.take();
  ASSERT_NE(entry, nullptr);
  const auto settled = desk.settle(entry->id);
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->readings, 3U);
  EXPECT_EQ(settled->merged.at(0).id, 2U);
  EXPECT_EQ(settled->merged.at(1).id, 3U);
}

TEST_F(Batching, AKeyedValueStaysAMessageOfItsOwn) {
  push(1);
  Entry keyed = reading();
  keyed.key = "k";
  desk.put(std::move(keyed));
  push(1);
  desk.now += 60s;
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3)));
}

TEST_F(Batching, ReadingsOfVeryDifferentLifeStayApart) {
  Entry brief = reading();
  brief.expires = desk.now + 100s;
  Entry alike = reading();
  alike.expires = desk.now + 104s;
  Entry longer = reading();
  longer.expires = desk.now + 1h;
  desk.put(std::move(brief));
  desk.put(std::move(alike));
  desk.put(std::move(longer));
  desk.now += 60s;
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2), ElementsAre(3)));
}

TEST_F(Batching, TogetherTheyLiveAsLongAsTheYoungest) {
  Entry brief = reading();
  brief.expires = desk.now + 100s;
  Entry longer = reading();
  longer.expires = desk.now + 104s;
  desk.put(std::move(brief));
  desk.put(std::move(longer));
  desk.now += 60s;
  ASSERT_NE(desk.take(), nullptr);
  desk.clerk().put_back();
  desk.now += 41s;  // the first one alone would have expired
  EXPECT_THAT(desk.clerk().expire(desk.now), IsEmpty());
  desk.now += 3s;
  const auto expired = desk.clerk().expire(desk.now);
  ASSERT_THAT(expired, SizeIs(1));
  EXPECT_EQ(expired.front().entry.readings, 2U);
}

TEST_F(Batching, WhatWasSentOnceIsNeverPutTogetherAnew) {
  push(2);
  desk.now += 60s;
  ASSERT_NE(desk.take(), nullptr);
  desk.clerk().put_back();
  push(2, Durable::never(), 0s);
  EXPECT_THAT(sent(), ElementsAre(ElementsAre(1, 2), ElementsAre(3, 4)));
  EXPECT_THAT(numbers, ElementsAre(1, 2));
}

// Whatever happens: no stored reading is lost, none is sent under two numbers, and none is sent
// twice but after a crash or a break.
class BatchingAtRandom : public testing::TestWithParam<unsigned> {};

TEST_P(BatchingAtRandom, LosesNothingAndNumbersEachReadingOnce) {
  std::mt19937 engine(GetParam());
  const auto draw = [&engine](unsigned below) { return static_cast<unsigned>(engine() % below); };
  Desk desk;
  const auto open = [&desk] {
    desk.clerk().shelf().batch_stream(desk.clerk().shelf().stream_on("s"), kMost);
  };
  open();
  unsigned last = 0;
  std::map<MessageId, unsigned> reading_of;
  std::set<unsigned> stored;
  std::set<unsigned> delivered;
  std::map<unsigned, std::pair<std::uint64_t, std::uint32_t>> number_of;
  std::vector<std::pair<MessageId, std::vector<unsigned>>> under_way;
  std::uint64_t epoch = 1;

  const auto note_written = [&] {
    for (const MessageId id : std::exchange(desk.written, {})) stored.insert(reading_of.at(id));
  };
  const auto take = [&] {
    const Entry* entry = desk.clerk().take(desk.now);
    if (entry == nullptr) return false;
    const auto all = readings(*entry);
    for (const unsigned each : all) {
      const std::pair number(entry->epoch, entry->sequence);
      if (stored.count(each) > 0) {
        const auto [known, is_new] = number_of.emplace(each, number);
        EXPECT_TRUE(is_new || known->second == number) << each << " under two numbers";
      }
    }
    under_way.emplace_back(entry->id, all);
    return true;
  };
  for (int step = 0; step < 1'000 && !testing::Test::HasFailure(); ++step) {
    desk.now += std::chrono::milliseconds(draw(3'000));
    switch (draw(12)) {
      case 0:
      case 1:
      case 2: {
        const unsigned burst = 1 + draw(30);
        for (unsigned i = 0; i < burst; ++i) {
          Entry entry;
          entry.topic = "s";
          entry.stream = desk.clerk().shelf().stream_on("s");
          entry.payload = body(++last);
          entry.durable = draw(2) == 0 ? Durable::at_push() : Durable::within(5s);
          if (draw(3) > 0) entry.due = desk.now + std::chrono::seconds(draw(20));
          reading_of[desk.put(std::move(entry))] = last;
        }
        break;
      }
      case 3:
      case 4:
      case 5:
        desk.work();
        note_written();
        break;
      case 6:
        desk.fail();
        break;
      case 7:
      case 8:
        take();
        break;
      case 9:
        if (!under_way.empty()) {
          const std::size_t at = draw(static_cast<unsigned>(under_way.size()));
          desk.settle(under_way[at].first);
          delivered.insert(under_way[at].second.begin(), under_way[at].second.end());
          under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(at));
        }
        break;
      case 10:
        desk.clerk().put_back();
        under_way.clear();
        break;
      default:
        if (draw(10) > 0) break;
        desk.crash(++epoch);
        open();
        under_way.clear();
        reading_of.clear();
        break;
    }
  }
  desk.clerk().put_back();
  under_way.clear();
  desk.now += 24h;
  desk.work_while_due();
  note_written();
  while (true) {
    if (!take()) {
      const auto next = desk.clerk().next_work(desk.now);
      if (!next || *next > desk.now) break;
      desk.work();
      continue;
    }
    desk.settle(under_way.back().first);
    delivered.insert(under_way.back().second.begin(), under_way.back().second.end());
  }
  for (const unsigned each : stored) EXPECT_EQ(delivered.count(each), 1U) << each << " is lost";
  EXPECT_GT(stored.size(), 100U);
  desk.now += 24h;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
  EXPECT_EQ(desk.clerk().fill().bytes, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BatchingAtRandom, testing::Range(1U, 9U));

}  // namespace
}  // namespace holdfast::outbox
