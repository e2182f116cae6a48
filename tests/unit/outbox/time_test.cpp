// Delay budgets and times to live.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_entry.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Entry delayed(Duration by) {
  Entry entry = sample_entry();
  entry.due = kStart + by;
  return entry;
}

Entry expiring(Duration after) {
  Entry entry = sample_entry();
  entry.expires = kStart + after;
  return entry;
}

TEST(OutboxDelay, HandsNothingOutBeforeItIsDue) {
  Outbox box({});
  put(box, delayed(5min));
  EXPECT_EQ(box.take(kStart), nullptr);
  EXPECT_EQ(box.take(kStart + 5min - 1ms), nullptr);
  EXPECT_THAT(take_all(box, kStart + 5min), ElementsAre(1));
}

TEST(OutboxDelay, TellsWhenTheNextMessageHasToGo) {
  Outbox box({});
  EXPECT_FALSE(box.earliest_due());
  put(box, delayed(5min));
  put(box, delayed(2min));
  EXPECT_EQ(box.earliest_due(), kStart + 2min);
  EXPECT_NE(box.take(kStart + 2min), nullptr);
  EXPECT_LT(box.earliest_due(), kStart) << "the other one rides along: it is due as well";
  EXPECT_NE(box.take(kStart + 2min), nullptr);
  EXPECT_FALSE(box.earliest_due()) << "what is under way waits no more";
  put(box, delayed(24h));
  EXPECT_EQ(box.earliest_due(), kStart + 24h);
  box.release_all(true);
  EXPECT_LT(box.earliest_due(), kStart);
}

TEST(OutboxDelay, LetsAllThatWaitRideAlongWithOneThatIsDue) {
  Outbox box({});
  put(box, delayed(5min));
  put(box, delayed(2min));
  put(box, delayed(9min));
  EXPECT_THAT(take_all(box, kStart + 2min), ElementsAre(1, 2, 3));
}

TEST(OutboxDelay, LetsThemRideAlongWithAnUrgentOne) {
  Outbox box({});
  put(box, delayed(5min));
  put(box, delayed(0s));
  EXPECT_THAT(take_all(box), ElementsAre(1, 2));
}

TEST(OutboxDelay, BeginsAnewForWhatComesAfterTheRide) {
  Outbox box({});
  put(box, delayed(0s));
  EXPECT_THAT(take_all(box), ElementsAre(1));
  put(box, delayed(5min));
  EXPECT_THAT(take_all(box, kStart + 1min), IsEmpty());
  EXPECT_THAT(take_all(box, kStart + 5min), ElementsAre(2));
}

TEST(OutboxDelay, TakesThoseAlongThatTheWindowHeldBack) {
  Outbox box({});
  put(box, delayed(0s));
  put(box, delayed(5min));
  EXPECT_NE(box.take(kStart), nullptr);  // the window is full now: the second waits for it
  put(box, delayed(5min));
  EXPECT_NE(box.take(kStart), nullptr) << "it was on its way already";
  EXPECT_NE(box.take(kStart), nullptr) << "and what comes meanwhile goes along";
  put(box, delayed(5min));
  EXPECT_EQ(box.take(kStart), nullptr);
}

TEST(OutboxDelay, DoesNotHoldBackWhatIsSentAgain) {
  Outbox box({});
  put(box, delayed(5min));
  put(box, delayed(0s));
  take_all(box);
  put(box, delayed(5min));
  box.put_back();
  EXPECT_THAT(take_all(box, kStart + 1s), ElementsAre(1, 2, 3)) << "and what waits goes along";
}

TEST(OutboxDelay, EndsForEverybodyWhenTheDeviceStops) {
  Outbox box({});
  put(box, delayed(5min));
  box.release_all(true);
  put(box, delayed(5min));
  EXPECT_THAT(take_all(box), ElementsAre(1, 2));
}

TEST(OutboxExpiry, TakesOutWhatHasExpiredAndNothingElse) {
  Outbox box({});
  put(box, expiring(10s));
  put(box, sample_entry());
  put(box, expiring(20s));
  EXPECT_THAT(box.expire(kStart + 10s - 1ms), IsEmpty());
  const auto expired = box.expire(kStart + 10s);
  EXPECT_THAT(ids_of(expired), ElementsAre(1));
  EXPECT_EQ(expired.front().reason.error, Errc::expired);
  EXPECT_EQ(expired.front().reason.error, Condition::expired);
  EXPECT_THAT(ids_of(box.expire(kStart + 1h)), ElementsAre(3));
  EXPECT_THAT(take_all(box), ElementsAre(2));
}

TEST(OutboxExpiry, LeavesWhatIsUnderWayToItsAcknowledgement) {
  Outbox box({});
  put(box, expiring(10s));
  take_all(box);
  EXPECT_THAT(box.expire(kStart + 1h), IsEmpty());
  EXPECT_TRUE(box.settle(1));
}

TEST(OutboxExpiry, TakesOutWhatWasPutBack) {
  Outbox box({});
  put(box, expiring(10s));
  take_all(box);
  box.put_back();
  EXPECT_THAT(ids_of(box.expire(kStart + 10s)), ElementsAre(1));
  EXPECT_EQ(box.fill().bytes, 0U);
}

TEST(OutboxExpiry, TakesOutWhatIsToBeSentAgain) {
  Outbox box({});
  put(box, expiring(10s));
  take_all(box);
  box.retry(1);
  EXPECT_THAT(ids_of(box.expire(kStart + 10s)), ElementsAre(1));
}

TEST(OutboxExpiry, TakesTheDelayBudgetOfTheExpiredAway) {
  Outbox box({});
  Entry entry = delayed(1min);
  entry.expires = kStart + 30s;
  put(box, entry);
  put(box, delayed(5min));
  box.expire(kStart + 30s);
  EXPECT_THAT(take_all(box, kStart + 1min), IsEmpty()) << "nobody is due any more";
}

TEST(OutboxNextDue, IsEmptyWhereNothingRuns) {
  Outbox box({});
  EXPECT_FALSE(box.next_due(kStart));
  put(box, sample_entry());
  take_all(box);
  EXPECT_FALSE(box.next_due(kStart));
}

TEST(OutboxNextDue, IsTheFirstOfAllBudgetsAndTimesToLive) {
  Outbox box({});
  put(box, delayed(5min));
  EXPECT_EQ(box.next_due(kStart), kStart + 5min);
  put(box, delayed(2min));
  EXPECT_EQ(box.next_due(kStart), kStart + 2min);
  Entry entry = delayed(3min);
  entry.expires = kStart + 1min;
  put(box, entry);
  EXPECT_EQ(box.next_due(kStart), kStart + 1min);
}

// A device without a connection that is told of a time in the past asks for it again at once, and
// again: one processor core is gone for as long as the broker is.
TEST(OutboxNextDue, IsNeverInThePast) {
  Outbox box({});
  put(box, delayed(0s));
  EXPECT_FALSE(box.next_due(kStart)) << "what is due already waits for the session, not for a time";
  put(box, delayed(5min));
  EXPECT_FALSE(box.next_due(kStart + 1s)) << "it rides along with the one that is due";
}

TEST(OutboxNextDue, StillTellsWhenSomethingExpiresThatIsDue) {
  Outbox box({});
  put(box, expiring(10s));
  EXPECT_EQ(box.next_due(kStart), kStart + 10s);
}

TEST(OutboxNextDue, IsNotOfWhatIsUnderWay) {
  Outbox box({});
  put(box, expiring(10s));
  take_all(box);
  EXPECT_FALSE(box.next_due(kStart));
  box.put_back();
  EXPECT_EQ(box.next_due(kStart), kStart + 10s);
}

TEST(OutboxNextDue, IsEmptyAfterEverythingWasTakenOut) {
  Outbox box({});
  put(box, delayed(5min));
  put(box, expiring(10s));
  box.clear();
  EXPECT_FALSE(box.next_due(kStart));
}

}  // namespace
}  // namespace holdfast::outbox
