// When a message is written, and when its row may go.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "desk.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Failure kRefused{Errc::not_authorised, "the broker does not allow it"};

// --- Written ---------------------------------------------------------------------------------

TEST(Clerk, WritesAMessageWithinTheTimeOfAGroup) {
  Desk desk({.group_commit = {.messages = 256, .time = 10ms}});
  const MessageId id = desk.put(Desk::message());
  EXPECT_EQ(desk.clerk().next_work(desk.now), desk.now + 10ms);
  EXPECT_EQ(desk.clerk().fill().unstored, 1U);
  desk.now += 10ms;
  desk.work_while_due();
  EXPECT_THAT(desk.written, ElementsAre(id));
  EXPECT_THAT(desk.rows(), ElementsAre(id));
  EXPECT_EQ(desk.clerk().fill().unstored, 0U);
}

TEST(Clerk, WritesAtOnceWhenTheGroupIsFullAndNeverMoreInOneCommit) {
  Desk desk({.group_commit = {.messages = 3, .time = 10s}});
  for (int i = 0; i < 2; ++i) desk.put(Desk::message());
  EXPECT_GT(desk.clerk().next_work(desk.now), desk.now);
  for (int i = 0; i < 2; ++i) desk.put(Desk::message());
  EXPECT_EQ(desk.clerk().next_work(desk.now), desk.now);
  desk.work();
  EXPECT_THAT(desk.written, ElementsAre(1, 2, 3));
  EXPECT_GT(desk.clerk().next_work(desk.now), desk.now) << "one alone waits for others";
}

TEST(Clerk, WhatIsNotDurableIsNeverWritten) {
  Desk desk;
  Entry entry = Desk::message();
  entry.durable = Durable::never();
  desk.put(entry);
  EXPECT_EQ(desk.clerk().next_work(desk.now), std::nullopt);
  desk.work();
  EXPECT_THAT(desk.rows(), IsEmpty());
}

TEST(Clerk, WhatIsAcknowledgedWithinItsIntervalNeverTouchesTheDisk) {
  Desk desk;
  Entry entry = Desk::message();
  entry.durable = Durable::within(30s);
  const MessageId id = desk.put(entry);
  desk.now += 29s;
  desk.put(Desk::message());  // a commit of another is no reason
  desk.now += 100ms;
  desk.work_while_due();
  EXPECT_THAT(desk.written, ElementsAre(2));
  EXPECT_EQ(desk.take()->id, id);
  desk.settle(id);
  desk.now += 1h;
  desk.work_while_due();
  EXPECT_THAT(desk.written, ElementsAre(2));
}

TEST(Clerk, WhatIsNotAcknowledgedWithinItsIntervalIsWritten) {
  Desk desk;
  Entry entry = Desk::message();
  entry.durable = Durable::within(30s);
  const MessageId id = desk.put(entry);
  desk.now += 30s;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), ElementsAre(id));
}

TEST(Clerk, GivesNoNumberTwiceWhereAnOlderMessageIsWrittenLast) {
  Desk desk;
  Entry entry = Desk::message();
  entry.durable = Durable::within(30s);
  desk.put(entry);
  desk.put(Desk::message());
  desk.work();
  desk.now += 30s;
  desk.work_while_due();
  EXPECT_THAT(desk.written, ElementsAre(2, 1));
  desk.crash();
  const MessageId id = desk.put(Desk::message());
  EXPECT_GT(id, 2U);
  desk.work();
  EXPECT_THAT(desk.rows(), ElementsAre(1, 2, id));
}

TEST(Clerk, AHurryWritesWhatHasTime) {
  Desk desk;
  Entry entry = Desk::message();
  entry.durable = Durable::within(1h);
  desk.put(entry);
  desk.clerk().hurry(true);
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), SizeIs(1));
}

TEST(Clerk, RefusesWhatTheDiskCannotTakeInTime) {
  Desk desk({.messages = 1'000'000, .bytes = 1'000'000'000});
  for (std::size_t i = 0; i < limits::kUnstoredMessages; ++i)
    ASSERT_NE(desk.put(Desk::message()), 0U);
  EXPECT_EQ(desk.put(Desk::message()), 0U);
  EXPECT_EQ(desk.refused().error, Errc::outbox_full);
  Entry urgent = Desk::message();
  urgent.priority = Priority::urgent;
  EXPECT_NE(desk.put(urgent), 0U) << "an alarm is taken all the same";
  desk.work();
  EXPECT_NE(desk.put(Desk::message()), 0U);
}

// --- Removed ---------------------------------------------------------------------------------

TEST(Clerk, ARowGoesOnlyAfterTheAcknowledgement) {
  Desk desk;
  const MessageId id = desk.put(Desk::message());
  desk.work();
  ASSERT_EQ(desk.take()->id, id);
  desk.now += 1h;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), ElementsAre(id));
  desk.settle(id);
  desk.now += limits::kRemovalTime;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
}

TEST(Clerk, WhatIsAcknowledgedWhileItIsWrittenGoesWithTheNextCommit) {
  Desk desk;
  const MessageId id = desk.put(Desk::message());
  ASSERT_EQ(desk.clerk().take(desk.now)->id, id);
  const Clerk::Work work = desk.begin();
  EXPECT_THAT(work.written, ElementsAre(id));
  desk.settle(id);
  desk.done(work);
  EXPECT_THAT(desk.rows(), ElementsAre(id));
  desk.now += limits::kRemovalTime;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
}

TEST(Clerk, RowsGoTogetherWhileMuchIsSent) {
  Desk desk;
  for (int i = 0; i < 10; ++i) desk.put(desk.reading());
  desk.work();
  ASSERT_EQ(desk.clerk().take(desk.now), nullptr) << "it is numbered first";
  desk.work();
  for (int i = 0; i < 5; ++i) desk.settle(desk.clerk().take(desk.now)->id);
  desk.put(desk.reading("another"));
  desk.work();
  EXPECT_THAT(desk.rows(), SizeIs(6)) << "what is written anyway takes them along";
  desk.settle(desk.clerk().take(desk.now)->id);
  desk.clerk().hurry(true);
  EXPECT_EQ(desk.clerk().next_work(desk.now), desk.now + limits::kRemovalTime);
  for (int i = 0; i < 5; ++i) desk.settle(desk.take()->id);
  EXPECT_EQ(desk.clerk().next_work(desk.now), desk.now) << "nothing is left to be sent";
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
}

TEST(Clerk, ReadingAPageDoesNotBringRemovalsForward) {
  Desk desk;
  for (std::size_t i = 0; i < 3 * limits::kShelfMessages; ++i) {
    desk.put(Desk::message());
    if (i % 200 == 0) desk.work();
  }
  desk.clerk().hurry(true);
  desk.work_while_due();
  desk.clerk().hurry(false);
  bool read_a_page = false;
  for (int i = 0; !read_a_page && i < 10'000; ++i) {
    desk.settle(desk.clerk().take(desk.now)->id);
    const auto next = desk.clerk().next_work(desk.now);
    if (!next || *next > desk.now) continue;
    const Clerk::Work work = desk.begin();
    read_a_page = work.page && work.batch.out.empty();
    EXPECT_TRUE(read_a_page || work.batch.out.size() >= limits::kRemovals);
    desk.done(work);
  }
  EXPECT_TRUE(read_a_page);
}

TEST(Clerk, AConnectionThatEndsLeavesTheRow) {
  Desk desk;
  const MessageId id = desk.put(Desk::message());
  desk.work();
  desk.take();
  EXPECT_THAT(desk.clerk().put_back(), IsEmpty());
  desk.now += 1h;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), ElementsAre(id));
  EXPECT_EQ(desk.take()->id, id);
}

TEST(Clerk, ARefusalMovesItToTheDeadLetters) {
  Desk desk;
  const MessageId id = desk.put(Desk::message("door"));
  desk.work();
  desk.take();
  desk.settle(id, kRefused);
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), IsEmpty());
  const auto dead = desk.store().dead(10);
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].id, id);
  EXPECT_EQ(dead[0].topic, "door");
  EXPECT_EQ(dead[0].code, kRefused.error.value());
  EXPECT_EQ(dead[0].reason, kRefused.detail);
}

// --- The time ----------------------------------------------------------------------------------

bool notes_time(Desk& desk, std::optional<Duration> ttl) {
  Entry entry = Desk::message();
  if (ttl) entry.expires = desk.now + *ttl;
  desk.put(entry);
  const Clerk::Work work = desk.begin();
  desk.done(work);
  return work.batch.notes_time;
}

TEST(Clerk, TheTimeIsWrittenAsOftenAsTimesToLiveNeedIt) {
  Desk desk;
  EXPECT_FALSE(notes_time(desk, {})) << "a page for nothing";
  EXPECT_TRUE(notes_time(desk, 100min));
  desk.now += 59s;
  EXPECT_FALSE(notes_time(desk, 100min));
  desk.now += 2s;
  EXPECT_TRUE(notes_time(desk, {})) << "the row has less than 100 times as long left";
  desk.now += 1s;
  EXPECT_TRUE(notes_time(desk, 1s));
  desk.clerk().wall_clock(1'700'000'000, desk.now);
  EXPECT_TRUE(notes_time(desk, {})) << "it is known for the first time";
}

TEST(Clerk, AFreshFileIsToldTheTime) {
  Desk desk;
  EXPECT_TRUE(notes_time(desk, 1h));
  desk.clerk().file_lost(desk.now);
  EXPECT_TRUE(desk.begin().batch.notes_time);
}

// --- After a crash ---------------------------------------------------------------------------

// The last work of a process has an end, also where rows with a time to live stay behind.
TEST(Clerk, FinishesWithWhatWaitsAndThenHasNoWork) {
  Desk desk;
  Entry week = Desk::message();
  week.expires = desk.now + 7 * 24h;
  desk.put(week);
  desk.put(week);
  desk.work();
  desk.settle(desk.take()->id);
  Entry another = week;
  another.durable = Durable::within(10min);
  desk.put(another);
  desk.clerk().finish();
  desk.work_while_due();
  EXPECT_EQ(desk.clerk().next_work(desk.now), std::nullopt);
  EXPECT_THAT(desk.rows(), ElementsAre(2, 3)) << "what was acknowledged is gone, the rest is kept";
}

TEST(Clerk, FinishesWithTheTimeThatTheRowsHadLeft) {
  Desk desk;
  Entry brief = Desk::message();
  brief.expires = desk.now + 1h;
  desk.put(brief);
  desk.work();
  desk.now += 50min;
  desk.clerk().finish();
  desk.work_while_due();
  EXPECT_EQ(desk.clerk().next_work(desk.now), std::nullopt);
  desk.crash();
  const Entry* found = desk.take();
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->expires, desk.now + 10min);
}

TEST(Clerk, FinishesAlsoWhereTheTimeToLiveIsOver) {
  for (const auto late : {-50ms, 0ms, 50ms, 3'600'000ms}) {
    Desk desk;
    Entry brief = Desk::message();
    brief.expires = desk.now + 1min;
    desk.put(brief);
    desk.work();
    desk.now += 1min + late;
    desk.clerk().finish();
    desk.work_while_due();
    EXPECT_EQ(desk.clerk().next_work(desk.now), std::nullopt);
  }
}

TEST(ClerkAfterACrash, SendsWhatWasStoredInItsOrder) {
  Desk desk;
  Entry urgent = Desk::message();
  urgent.priority = Priority::urgent;
  Entry newest = Desk::message();
  newest.order = Order::newest_first;
  desk.put(Desk::message());
  desk.put(newest);
  desk.put(Desk::message());
  desk.put(newest);
  desk.put(urgent);
  desk.work();
  desk.crash();
  EXPECT_EQ(desk.clerk().fill().waiting, 5U);
  EXPECT_EQ(desk.clerk().shelf().earliest_due(), Instant::min());
  EXPECT_THAT(desk.drain(), ElementsAre(5, 4, 2, 1, 3));
}

TEST(ClerkAfterACrash, GivesNoNumberOfAMessageTwice) {
  Desk desk;
  for (int i = 0; i < 3; ++i) desk.put(Desk::message());
  desk.work();
  desk.drain();
  desk.now += 1h;
  desk.work_while_due();
  desk.crash();
  EXPECT_GT(desk.put(Desk::message()), 3U);
}

TEST(ClerkAfterACrash, KeepsAllThatMattersOfAMessage) {
  Desk desk;
  Entry entry = Desk::message("a/b", 3);
  entry.payload = {std::byte{1}, std::byte{0}, std::byte{255}};
  entry.retain = Retain::yes;
  entry.key = "k";
  entry.expires = desk.now + 1h;
  desk.put(entry);
  desk.work();
  desk.crash();
  const Entry* found = desk.take();
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->topic, entry.topic);
  EXPECT_EQ(found->payload, entry.payload);
  EXPECT_EQ(found->retain, Retain::yes);
  EXPECT_EQ(found->key, "k");
  EXPECT_EQ(found->expires, desk.now + 1h);
  EXPECT_EQ(found->qos, Qos::at_least_once);
}

// --- Numbers ---------------------------------------------------------------------------------

TEST(ClerkNumbers, AreOnTheDiskBeforeAStoredMessageIsSent) {
  Desk desk;
  const MessageId id = desk.put(desk.reading());
  desk.work();
  EXPECT_EQ(desk.clerk().take(desk.now), nullptr) << "its row has no number yet";
  desk.work_while_due();
  const Entry* entry = desk.clerk().take(desk.now);
  ASSERT_NE(entry, nullptr);
  const auto rows = desk.store().read({}, 10, 10'000);
  ASSERT_THAT(rows, SizeIs(1));
  ASSERT_TRUE(rows[0].number);
  EXPECT_EQ(rows[0].number->epoch, entry->epoch);
  EXPECT_EQ(rows[0].number->sequence, entry->sequence);
  EXPECT_EQ(rows[0].place.id, id);
}

TEST(ClerkNumbers, OneCommitIsEnoughWhileALineTakes) {
  Desk desk;
  EXPECT_EQ(desk.clerk().take(desk.now), nullptr);
  desk.put(desk.reading());
  desk.work();
  EXPECT_NE(desk.clerk().take(desk.now), nullptr);
  EXPECT_TRUE(desk.store().read({}, 10, 10'000).at(0).number);
}

TEST(ClerkNumbers, WhatIsNotWrittenYetIsSentAtOnceAndWrittenWithItsNumber) {
  Desk desk;
  desk.put(desk.reading());
  ASSERT_NE(desk.clerk().take(desk.now), nullptr);
  desk.work();
  EXPECT_TRUE(desk.store().read({}, 10, 10'000).at(0).number);
}

TEST(ClerkNumbers, SurviveACrashAndNewOnesHaveANewEpoch) {
  Desk desk;
  for (int i = 0; i < 3; ++i) desk.put(desk.reading());
  desk.work();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(desk.take()->sequence, static_cast<std::uint32_t>(i + 1));
  }
  const auto handed = desk.store().read({}, 10, 10'000);
  desk.crash(77);
  std::vector<StreamNumber> sent;
  while (const Entry* entry = desk.take()) sent.push_back({entry->epoch, entry->sequence});
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_EQ(sent[0], *handed[0].number);
  EXPECT_EQ(sent[1], *handed[1].number);
  EXPECT_EQ(sent[0].epoch, 1U);
}

TEST(ClerkNumbers, WhatExpiredOrWasReplacedLeavesNoGap) {
  Desk desk;
  Entry brief = desk.reading();
  brief.expires = desk.now + 1s;
  desk.put(brief);
  Entry state = desk.reading();
  state.key = "k";
  desk.put(state);
  desk.work();
  desk.put(state);
  desk.put(desk.reading());
  desk.work();
  desk.now += 2s;
  desk.clerk().expire(desk.now);
  std::vector<std::uint32_t> sequences;
  while (const Entry* entry = desk.take()) sequences.push_back(entry->sequence);
  EXPECT_THAT(sequences, ElementsAre(1, 2));
}

TEST(ClerkNumbers, OpaqueMessagesHaveNone) {
  Desk desk;
  desk.put(Desk::message());
  desk.work();
  EXPECT_EQ(desk.clerk().take(desk.now)->sequence, 0U);
  EXPECT_FALSE(desk.store().read({}, 10, 10'000).at(0).number);
}

// --- Replacement -----------------------------------------------------------------------------

TEST(ClerkReplacement, TheOldRowStaysUntilTheNewOneIsThere) {
  Desk desk;
  Entry state = Desk::message();
  state.key = "k";
  desk.put(state);
  desk.work();
  desk.put(state);
  EXPECT_THAT(ids_of(desk.gone), ElementsAre(1));
  desk.fail();
  EXPECT_THAT(desk.rows(), ElementsAre(1));
  desk.crash();
  EXPECT_THAT(desk.drain(), ElementsAre(1)) << "what was stored is sent";
}

TEST(ClerkReplacement, TheNewRowComesAndTheOldOneGoesInOneCommit) {
  Desk desk;
  Entry state = Desk::message();
  state.key = "k";
  desk.put(state);
  desk.work();
  desk.put(state);
  desk.put(state);
  desk.work();
  EXPECT_THAT(desk.rows(), ElementsAre(3));
  EXPECT_THAT(desk.drain(), ElementsAre(3));
}

TEST(ClerkReplacement, OfARowThatIsJustBeingWritten) {
  Desk desk;
  Entry state = Desk::message();
  state.key = "k";
  desk.put(state);
  const Clerk::Work work = desk.begin();
  desk.put(state);
  desk.done(work);
  EXPECT_THAT(desk.rows(), ElementsAre(1));
  desk.work();
  EXPECT_THAT(desk.rows(), ElementsAre(2));
}

TEST(ClerkReplacement, FindsTheOldValueAfterACrash) {
  Desk desk;
  Entry state = Desk::message();
  state.key = "k";
  desk.put(Desk::message());
  desk.put(state);
  desk.put(Desk::message());
  desk.work();
  desk.crash();
  const MessageId newer = desk.put(state);
  EXPECT_THAT(ids_of(desk.gone), ElementsAre(2));
  desk.work();
  EXPECT_THAT(desk.drain(), ElementsAre(1, newer, 3)) << "it has the place of the old value";
}

// --- Failures --------------------------------------------------------------------------------

TEST(ClerkFailure, NothingIsLostAndItIsTriedAgainAfterARest) {
  Desk desk;
  const MessageId id = desk.put(Desk::message());
  desk.fail();
  EXPECT_THAT(desk.written, IsEmpty());
  EXPECT_EQ(desk.clerk().next_work(desk.now), desk.now + limits::kDiskRest);
  desk.now += limits::kDiskRest;
  desk.fail();
  EXPECT_EQ(desk.clerk().next_work(desk.now), desk.now + 2 * limits::kDiskRest);
  EXPECT_EQ(desk.take()->id, id) << "a message need not wait for a disk that fails";
  desk.clerk().put_back();
  desk.now += 2 * limits::kDiskRest;
  desk.work_while_due();
  EXPECT_THAT(desk.written, ElementsAre(id));
}

TEST(ClerkFailure, AFullFileFirstLetsGoOfWhatMayGo) {
  Desk desk;
  desk.put(Desk::message());
  desk.work();
  desk.drain();
  desk.put(Desk::message());
  desk.fail(true);
  EXPECT_EQ(desk.clerk().next_work(desk.now), desk.now);
  const Clerk::Work work = desk.begin();
  EXPECT_THAT(work.batch.in, IsEmpty());
  EXPECT_THAT(work.batch.out, SizeIs(1));
  desk.done(work);
  desk.now += 1s;
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), ElementsAre(2));
}

TEST(ClerkFailure, WhatWasInMemoryIsWrittenIntoAFreshFile) {
  Desk desk;
  for (int i = 0; i < 3; ++i) desk.put(desk.reading());
  desk.work();
  const std::uint32_t sequence = desk.take()->sequence;
  desk.store().commit(
      {.out = {{Priority::normal, 1, 1}, {Priority::normal, 2, 2}, {Priority::normal, 3, 3}}});
  EXPECT_EQ(desk.clerk().file_lost(desk.now).lost, 0U);
  desk.work_while_due();
  EXPECT_THAT(desk.rows(), ElementsAre(1, 2, 3));
  EXPECT_EQ(desk.store().read({}, 1, 1'000).at(0).number->sequence, sequence);
}

}  // namespace
}  // namespace holdfast::outbox
