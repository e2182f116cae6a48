#include "outbox/outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sample_entry.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Outbox, IsEmptyAtFirst) {
  Outbox box({});
  EXPECT_EQ(box.take(kStart), nullptr);
  EXPECT_EQ(box.fill().waiting + box.fill().under_way + box.fill().bytes, 0U);
  EXPECT_THAT(box.clear(), IsEmpty());
  EXPECT_THAT(box.put_back(), IsEmpty());
  EXPECT_THAT(box.expire(kStart), IsEmpty());
}

TEST(Outbox, HandsOutInTheOrderOfAcceptance) {
  Outbox box({});
  for (int i = 0; i < 5; ++i) put(box, sample_entry());
  EXPECT_THAT(take_all(box), ElementsAre(1, 2, 3, 4, 5));
}

TEST(Outbox, KeepsWhatItWasGiven) {
  Outbox box({});
  Entry entry = sample_entry("a/b", 3);
  entry.payload[1] = std::byte{7};
  entry.qos = Qos::exactly_once;
  entry.retain = Retain::yes;
  put(box, entry);
  const Entry* taken = box.take(kStart);
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(taken->topic, "a/b");
  EXPECT_EQ(taken->payload, entry.payload);
  EXPECT_EQ(taken->qos, Qos::exactly_once);
  EXPECT_EQ(taken->retain, Retain::yes);
}

TEST(Outbox, CountsWhatWaitsWhatIsUnderWayAndTheirBytes) {
  Outbox box({});
  put(box, sample_entry("topic", 10));
  put(box, sample_entry("topic", 20));
  box.take(kStart);
  EXPECT_EQ(box.fill().waiting, 1U);
  EXPECT_EQ(box.fill().under_way, 1U);
  EXPECT_EQ(box.fill().bytes, 40U);
  EXPECT_TRUE(box.settle(1));
  EXPECT_EQ(box.fill().under_way, 0U);
  EXPECT_EQ(box.fill().bytes, 25U);
}

TEST(Outbox, SettlesOnlyWhatIsUnderWayAndOnce) {
  Outbox box({});
  put(box, sample_entry());
  EXPECT_FALSE(box.settle(1)) << "it was not handed out yet";
  box.take(kStart);
  ASSERT_TRUE(box.settle(1));
  EXPECT_FALSE(box.settle(1));
  EXPECT_FALSE(box.settle(99));
}

// --- Bounds --------------------------------------------------------------------------------------

TEST(OutboxBounds, RefusesOneMessageMoreThanAllowedAndNamesTheBound) {
  Outbox box({.messages = 2, .bytes = 1'000});
  put(box, sample_entry());
  put(box, sample_entry());
  const Failure refused = refusal_of(box, sample_entry());
  EXPECT_EQ(refused.error, Errc::outbox_full);
  EXPECT_EQ(refused.error, Condition::retry_later);
  EXPECT_THAT(refused.detail, HasSubstr("outbox.messages"));
  EXPECT_THAT(refused.detail, HasSubstr("2 messages"));
}

TEST(OutboxBounds, CountsMessagesThatAreUnderWay) {
  Outbox box({.messages = 2, .bytes = 1'000});
  put(box, sample_entry());
  put(box, sample_entry());
  take_all(box);
  EXPECT_EQ(put(box, sample_entry()), 0U);
  box.settle(1);
  EXPECT_NE(put(box, sample_entry()), 0U);
}

TEST(OutboxBounds, RefusesOneByteMoreThanAllowedAndNamesTheBound) {
  Outbox box({.messages = 10, .bytes = 22});
  EXPECT_NE(put(box, sample_entry("t", 10)), 0U);
  const Failure refused = refusal_of(box, sample_entry("t", 11));
  EXPECT_EQ(refused.error, Errc::outbox_full);
  EXPECT_THAT(refused.detail, HasSubstr("outbox.bytes"));
  EXPECT_THAT(refused.detail, HasSubstr("holds 11 bytes"));
  EXPECT_THAT(refused.detail, HasSubstr("has 12"));
  EXPECT_THAT(refused.detail, HasSubstr("allows 22"));
  EXPECT_NE(put(box, sample_entry("t", 10)), 0U) << "the twin: exactly as many as allowed";
}

TEST(OutboxBounds, CountsTheTopicToo) {
  Outbox box({.messages = 10, .bytes = 10});
  EXPECT_EQ(put(box, sample_entry("longtopic", 2)), 0U);
  EXPECT_NE(put(box, sample_entry("longtopic", 1)), 0U);
}

TEST(OutboxBounds, HasRoomAgainAfterEveryWayOut) {
  Outbox box({.messages = 1, .bytes = 11});
  put(box, sample_entry());
  box.clear();
  Entry expiring = sample_entry();
  expiring.expires = kStart + 1s;
  EXPECT_NE(put(box, expiring), 0U);
  EXPECT_EQ(box.expire(kStart + 1s).size(), 1U);
  Entry fleeting = sample_entry();
  fleeting.qos = Qos::at_most_once;
  EXPECT_NE(put(box, fleeting), 0U);
  take_all(box);
  EXPECT_EQ(box.put_back().size(), 1U);
  EXPECT_NE(put(box, sample_entry()), 0U);
}

// --- The connection ends -------------------------------------------------------------------------

TEST(OutboxPutBack, BringsQos1BackInItsOldOrderBeforeAllOthers) {
  Outbox box({});
  for (int i = 0; i < 3; ++i) put(box, sample_entry());
  take_all(box);
  put(box, sample_entry());
  box.settle(2);
  EXPECT_THAT(box.put_back(), IsEmpty());
  EXPECT_EQ(box.fill().under_way, 0U);
  EXPECT_THAT(take_all(box), ElementsAre(1, 3, 4));
}

TEST(OutboxPutBack, GivesQos0AndQos2UpWithTheReason) {
  Outbox box({});
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
    Entry entry = sample_entry();
    entry.qos = qos;
    put(box, entry);
  }
  take_all(box);
  const auto lost = box.put_back();
  EXPECT_THAT(ids_of(lost), ElementsAre(1, 3));
  EXPECT_EQ(lost.front().reason.error, Errc::connection_lost);
  EXPECT_THAT(take_all(box), ElementsAre(2));
  EXPECT_EQ(box.fill().bytes, 11U);
}

TEST(OutboxPutBack, SparesQos0AndQos2ThatWait) {
  Outbox box({});
  Entry entry = sample_entry();
  entry.qos = Qos::at_most_once;
  put(box, entry);
  EXPECT_THAT(box.put_back(), IsEmpty());
  EXPECT_THAT(take_all(box), ElementsAre(1));
}

TEST(OutboxRetry, PutsOneMessageBackInItsOldPlace) {
  Outbox box({});
  for (int i = 0; i < 3; ++i) put(box, sample_entry());
  box.take(kStart);
  box.take(kStart);
  box.retry(1);
  EXPECT_EQ(box.fill().under_way, 1U);
  EXPECT_EQ(box.fill().waiting, 2U);
  EXPECT_THAT(take_all(box), ElementsAre(1, 3));
}

TEST(OutboxRetry, IgnoresWhatIsNotUnderWay) {
  Outbox box({});
  put(box, sample_entry());
  box.retry(1);
  box.retry(77);
  EXPECT_EQ(box.fill().waiting, 1U);
  EXPECT_EQ(box.fill().under_way, 0U);
}

// --- Sequence numbers ---------------------------------------------------------------------------

TEST(OutboxSequence, CountsEachStreamFromOneWithoutAGap) {
  Outbox box({});
  for (const StreamId stream : {1U, 2U, 1U, 1U, 2U}) {
    Entry entry = sample_entry();
    entry.stream = stream;
    put(box, entry);
  }
  std::vector<std::pair<StreamId, std::uint32_t>> seen;
  while (const Entry* entry = box.take(kStart)) seen.emplace_back(entry->stream, entry->sequence);
  using P = std::pair<StreamId, std::uint32_t>;
  EXPECT_THAT(seen, ElementsAre(P(1, 1), P(2, 1), P(1, 2), P(1, 3), P(2, 2)));
}

TEST(OutboxSequence, IsNotGivenToOpaqueMessages) {
  Outbox box({});
  put(box, sample_entry());
  EXPECT_EQ(box.take(kStart)->sequence, 0U);
}

TEST(OutboxSequence, HasNoGapWhereAMessageExpiredBeforeItWasHandedOut) {
  Outbox box({});
  for (int i = 0; i < 3; ++i) {
    Entry entry = sample_entry();
    entry.stream = 1;
    if (i == 1) entry.expires = kStart + 1s;
    put(box, entry);
  }
  EXPECT_EQ(box.take(kStart)->sequence, 1U);
  EXPECT_EQ(box.expire(kStart + 2s).size(), 1U);
  const Entry* third = box.take(kStart + 2s);
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(third->id, 3U);
  EXPECT_EQ(third->sequence, 2U);
}

TEST(OutboxSequence, IsKeptWhenTheMessageIsSentAgain) {
  Outbox box({});
  for (int i = 0; i < 2; ++i) {
    Entry entry = sample_entry();
    entry.stream = 1;
    put(box, entry);
  }
  EXPECT_EQ(box.take(kStart)->sequence, 1U);
  box.put_back();
  EXPECT_EQ(box.take(kStart)->sequence, 1U) << "a second copy must be known as one";
  EXPECT_EQ(box.take(kStart)->sequence, 2U);
  box.retry(2);
  EXPECT_EQ(box.take(kStart)->sequence, 2U);
}

// --- Stop ---------------------------------------------------------------------------------------

TEST(OutboxClear, TakesEverythingOut) {
  Outbox box({});
  for (int i = 0; i < 3; ++i) put(box, sample_entry());
  box.take(kStart);
  EXPECT_EQ(box.clear().size(), 3U);
  EXPECT_EQ(box.fill().waiting + box.fill().under_way + box.fill().bytes, 0U);
  EXPECT_EQ(box.take(kStart), nullptr);
  EXPECT_FALSE(box.settle(1));
  EXPECT_THAT(box.expire(kStart + 24h), IsEmpty());
}

TEST(OutboxClear, KeepsTheHandlerOfEachMessage) {
  Outbox box({});
  int told = 0;
  Entry entry = sample_entry();
  entry.on_done = [&told](const Delivery&) { ++told; };
  put(box, std::move(entry));
  for (Casualty& left : box.clear()) left.entry.on_done({});
  EXPECT_EQ(told, 1);
}

TEST(OutboxThreads, MayBeFilledByManyWhileOneEmptiesIt) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  Outbox box({});
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&box] {
      for (int i = 0; i < kEach; ++i) put(box, sample_entry());
    });
  }
  MessageId last = 0;
  int taken = 0;
  while (taken < kThreads * kEach) {
    const Entry* entry = box.take(kStart);
    if (entry == nullptr) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_GT(entry->id, last);
    last = entry->id;
    box.settle(last);
    ++taken;
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(box.fill().bytes, 0U);
}

}  // namespace
}  // namespace holdfast::outbox
