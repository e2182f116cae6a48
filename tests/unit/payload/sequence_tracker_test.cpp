#include <gtest/gtest.h>

#include <limits>

#include <holdfast/receiver.hpp>

namespace holdfast {
namespace {

using Verdict = SequenceTracker::Verdict;

TEST(SequenceTracker, FindsNothingMissingInAnUnbrokenStream) {
  SequenceTracker tracker;
  for (std::uint32_t i = 1; i <= 1'000; ++i) ASSERT_EQ(tracker.see("t", {1, i}), Verdict::fresh);
  EXPECT_EQ(tracker.fresh(), 1'000U);
  EXPECT_EQ(tracker.missing(), 0U);
  EXPECT_EQ(tracker.duplicates(), 0U);
}

TEST(SequenceTracker, KnowsASecondCopy) {
  SequenceTracker tracker;
  tracker.see("t", {1, 1});
  tracker.see("t", {1, 2});
  EXPECT_EQ(tracker.see("t", {1, 2}), Verdict::duplicate);
  EXPECT_EQ(tracker.see("t", {1, 1}), Verdict::duplicate);
  EXPECT_EQ(tracker.duplicates(), 2U);
  EXPECT_EQ(tracker.fresh(), 2U);
}

TEST(SequenceTracker, CountsAGap) {
  SequenceTracker tracker;
  tracker.see("t", {1, 1});
  tracker.see("t", {1, 5});
  EXPECT_EQ(tracker.missing(), 3U);
}

TEST(SequenceTracker, TakesALateArrivalOffAgain) {
  SequenceTracker tracker;
  tracker.see("t", {1, 1});
  tracker.see("t", {1, 5});
  EXPECT_EQ(tracker.see("t", {1, 3}), Verdict::fresh);
  EXPECT_EQ(tracker.missing(), 2U);
  EXPECT_EQ(tracker.see("t", {1, 3}), Verdict::duplicate);
  EXPECT_EQ(tracker.missing(), 2U);
}

TEST(SequenceTracker, DoesNotMissWhatWasSentBeforeItJoined) {
  SequenceTracker tracker;
  EXPECT_EQ(tracker.see("t", {1, 500}), Verdict::fresh);
  EXPECT_EQ(tracker.missing(), 0U);
}

// The first message that a late receiver sees may be one that overtook a resent one.
TEST(SequenceTracker, TakesWhatComesFromBeforeItJoinedOnce) {
  SequenceTracker tracker;
  tracker.see("t", {1, 500});
  EXPECT_EQ(tracker.see("t", {1, 499}), Verdict::fresh);
  EXPECT_EQ(tracker.see("t", {1, 499}), Verdict::duplicate);
  EXPECT_EQ(tracker.see("t", {1, 3}), Verdict::fresh);
  EXPECT_EQ(tracker.missing(), 0U);
  EXPECT_EQ(tracker.see("t", {1, 500}), Verdict::duplicate);
  EXPECT_EQ(tracker.fresh(), 3U);
}

TEST(SequenceTracker, FollowsEachTopicByItself) {
  SequenceTracker tracker;
  tracker.see("a", {1, 1});
  EXPECT_EQ(tracker.see("b", {1, 1}), Verdict::fresh);
  EXPECT_EQ(tracker.see("a", {1, 1}), Verdict::duplicate);
}

TEST(SequenceTracker, BeginsAnewWithANewEpoch) {
  SequenceTracker tracker;
  tracker.see("t", {1, 1});
  tracker.see("t", {1, 2});
  EXPECT_EQ(tracker.see("t", {2, 1}), Verdict::fresh);
  EXPECT_EQ(tracker.missing(), 0U);
  EXPECT_EQ(tracker.see("t", {1, 2}), Verdict::duplicate) << "a copy from before the restart";
}

TEST(SequenceTracker, TakesTheHighestNumberThereIs) {
  constexpr auto kLast = std::numeric_limits<std::uint32_t>::max();
  SequenceTracker tracker;
  tracker.see("t", {1, kLast - 1});
  EXPECT_EQ(tracker.see("t", {1, kLast}), Verdict::fresh);
  EXPECT_EQ(tracker.see("t", {1, kLast}), Verdict::duplicate);
  EXPECT_EQ(tracker.missing(), 0U);
}

TEST(SequenceTracker, IsNotMadeToNoteThousandsOfMillionsByAForgedJump) {
  constexpr auto kLast = std::numeric_limits<std::uint32_t>::max();
  SequenceTracker tracker;
  tracker.see("t", {1, 1});
  EXPECT_EQ(tracker.see("t", {1, kLast}), Verdict::fresh);
  EXPECT_EQ(tracker.missing(), kLast - 2ULL) << "all are counted";
  EXPECT_EQ(tracker.see("t", {1, kLast - 1}), Verdict::fresh) << "the newest are known by number";
  EXPECT_EQ(tracker.see("t", {1, 2}), Verdict::duplicate) << "the oldest are given up";
}

TEST(SequenceTracker, CountsTheOldestAsLostWhereTooManyAreMissing) {
  SequenceTracker tracker;
  tracker.see("t", {1, 1});
  std::uint32_t at = 1;
  for (std::size_t i = 0; i < SequenceTracker::kMaxMissing + 10; ++i)
    tracker.see("t", {1, at += 2});
  EXPECT_EQ(tracker.missing(), SequenceTracker::kMaxMissing + 10);
  EXPECT_EQ(tracker.see("t", {1, 2}), Verdict::duplicate) << "given up";
  EXPECT_EQ(tracker.see("t", {1, at - 1}), Verdict::fresh) << "still known";
}

TEST(SequenceTracker, MakesRoomByForgettingTheStreamSeenLongestAgo) {
  SequenceTracker tracker(2);
  tracker.see("a", {1, 1});
  tracker.see("b", {1, 1});
  tracker.see("a", {1, 2});
  tracker.see("c", {1, 1});  // b goes
  EXPECT_EQ(tracker.see("a", {1, 2}), Verdict::duplicate);
  EXPECT_EQ(tracker.see("b", {1, 1}), Verdict::fresh) << "it was forgotten";
}

TEST(SequenceTracker, KeepsTheCountOfWhatAForgottenStreamMissed) {
  SequenceTracker tracker(1);
  tracker.see("a", {1, 1});
  tracker.see("a", {1, 4});
  tracker.see("b", {1, 1});
  EXPECT_EQ(tracker.missing(), 2U);
}

TEST(SequenceTracker, FollowsAtLeastOneStream) {
  SequenceTracker tracker(0);
  tracker.see("a", {1, 1});
  EXPECT_EQ(tracker.see("a", {1, 1}), Verdict::duplicate);
}

}  // namespace
}  // namespace holdfast
