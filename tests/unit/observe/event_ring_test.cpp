// Does the ring keep the newest, count what repeats, and lose nothing between memory and disk?

#include "observe/event_ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/observe/events.hpp"

namespace holdfast::observe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

// A time that makes no flood of any number of events.
std::uint64_t slowly(std::uint64_t number) {
  return number * 60'000;
}

TEST(EventRing, TellsTheNewestInTheirOrder) {
  EventRing ring;
  EXPECT_THAT(ring.newest(10), IsEmpty());
  for (std::uint64_t n = 0; n < 4; ++n) {
    ring.add(seen(EventKind::warning, "w" + std::to_string(n), slowly(n)));
  }
  EXPECT_THAT(details_of(ring.newest(10)), ElementsAre("w0", "w1", "w2", "w3"));
  EXPECT_THAT(details_of(ring.newest(2)), ElementsAre("w2", "w3"));
}

TEST(EventRing, TheOldestMakeRoom) {
  EventRing ring;
  const std::uint64_t all = limits::kKeptEvents + 3;
  for (std::uint64_t n = 0; n < all; ++n) {
    ring.add(seen(EventKind::warning, "w" + std::to_string(n), slowly(n)));
  }
  const auto kept = ring.newest(10'000);
  ASSERT_EQ(kept.size(), limits::kKeptEvents);
  EXPECT_EQ(kept.front().detail, "w3");
  EXPECT_EQ(kept.back().detail, "w" + std::to_string(all - 1));
}

TEST(EventRing, WhatRepeatsIsCounted) {
  EventRing ring;
  for (std::uint64_t n = 0; n < 5; ++n) {
    ring.add(seen(EventKind::connecting, "to x", slowly(n)));
    ring.add(seen(EventKind::connect_failed, "no route", slowly(n) + 10));
  }
  const auto kept = ring.newest(10);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].kind, "connecting");
  EXPECT_EQ(kept[1].count, 5U);
  EXPECT_EQ(kept[1].event, 10U);
  EXPECT_EQ(kept[1].first_ms, 10U);
  EXPECT_EQ(kept[1].last.since_boot_ms, slowly(4) + 10);
}

TEST(EventRing, WhatDiffersIsNotCountedTogether) {
  EventRing ring;
  ring.add(seen(EventKind::warning, "a"));
  ring.add(seen(EventKind::warning, "b"));
  ring.add(seen(EventKind::recovery, "a"));
  EXPECT_EQ(ring.newest(10).size(), 3U);
}

TEST(EventRing, OfWaitsTheNewestCounts) {
  EventRing ring;
  ring.add(seen(EventKind::waiting, "attempt 2 in 100 ms"));
  ring.add(seen(EventKind::waiting, "attempt 3 in 900 ms"));
  const auto kept = ring.newest(10);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].detail, "attempt 3 in 900 ms");
  EXPECT_EQ(kept[0].count, 2U);
}

TEST(EventRing, WhatWasLongAgoStaysAsItWas) {
  EventRing ring;
  ring.add(seen(EventKind::connected, "to x", 0));
  for (std::uint64_t n = 0; n < limits::kEventsLookedBack; ++n) {
    ring.add(seen(EventKind::warning, "w" + std::to_string(n), slowly(n)));
  }
  ring.add(seen(EventKind::connected, "to x", slowly(100)));
  const auto kept = ring.newest(100);
  ASSERT_EQ(kept.size(), limits::kEventsLookedBack + 2);
  EXPECT_EQ(kept.front().count, 1U);
}

TEST(EventRing, AFloodDoesNotWashOutItsCause) {
  EventRing ring;
  ring.add(seen(EventKind::disconnected, "the cause"));
  for (unsigned n = 0; n < 10'000; ++n) {
    ring.add(seen(EventKind::message_dropped, "message " + std::to_string(n), 5));
  }
  const auto kept = ring.newest(1'000);
  ASSERT_EQ(kept.size(), 1 + limits::kEventsOfAKind);
  EXPECT_EQ(kept.front().detail, "the cause");
  EXPECT_EQ(kept.back().detail, "message 9999");
  EXPECT_EQ(kept.back().count, 10'000 - limits::kEventsOfAKind + 1);
  EXPECT_THAT(ring.counts(),
              UnorderedElementsAre(Pair("disconnected", 1), Pair("message_dropped", 10'000)));
}

TEST(EventRing, AfterAFloodEachEventHasItsPlaceAgain) {
  EventRing ring;
  for (unsigned n = 0; n < 100; ++n) {
    ring.add(seen(EventKind::message_dropped, "message " + std::to_string(n), 5));
  }
  ring.add(seen(EventKind::message_dropped, "much later", 61'000));
  EXPECT_EQ(ring.newest(1'000).size(), limits::kEventsOfAKind + 1);
}

TEST(EventRing, GoesOnBehindWhatWasKept) {
  EventRing before;
  before.add(seen(EventKind::warning, "a"));
  before.add(seen(EventKind::warning, "b"));
  EventRing ring;
  ring.restore({.records = before.newest(10), .damaged = 0});
  EXPECT_FALSE(ring.has_unwritten());
  ring.add(seen(EventKind::warning, "b"));
  const auto kept = ring.newest(10);
  EXPECT_THAT(details_of(kept), ElementsAre("a", "b", "b")) << "another process is another story";
  EXPECT_EQ(kept.back().record, 3U);
  EXPECT_EQ(kept.back().event, 3U);
  EXPECT_THAT(ring.counts(), ElementsAre(Pair("warning", 1)));
}

TEST(EventRing, HandsOverWhatIsNotWritten) {
  EventRing ring;
  ring.add(seen(EventKind::warning, "a"));
  ring.add(seen(EventKind::warning, "b"));
  const auto taken = ring.take_unwritten();
  EXPECT_THAT(details_of(taken), UnorderedElementsAre("a", "b"));
  EXPECT_FALSE(ring.has_unwritten());
  EXPECT_THAT(ring.take_unwritten(), IsEmpty());
  ring.add(seen(EventKind::warning, "a"));
  EXPECT_THAT(details_of(ring.take_unwritten()), ElementsAre("a")) << "its count has changed";
}

TEST(EventRing, WhatCouldNotBeWrittenComesAgainAsItIsThen) {
  EventRing ring;
  ring.add(seen(EventKind::warning, "a"));
  const auto taken = ring.take_unwritten();
  ring.add(seen(EventKind::warning, "a"));
  ring.put_back(taken);
  const auto again = ring.take_unwritten();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].count, 2U);
}

}  // namespace
}  // namespace holdfast::observe
