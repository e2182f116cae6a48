// Is a birth published when the broker may have told something else, and never just because the
// line was gone for a moment?

#include "presence/births.hpp"

#include <gtest/gtest.h>

namespace holdfast::presence {
namespace {

using namespace std::chrono_literals;
using Due = Births::Due;

const Instant kStart = Instant() + 1000h;
constexpr auto kDelay = 30min;
constexpr auto kRefresh = 24h;

Facts facts(std::uint64_t version = 1) {
  Facts facts;
  facts.pin_set_version = version;
  facts.vouching.digest[0] = 7;
  return facts;
}

class BirthsTest : public ::testing::Test {
 protected:
  /// A device that has told of itself at `kStart`.
  BirthsTest() {
    births_.logged_in(kStart, true);
    births_.told(kStart, facts());
  }
  Due after(Instant left, Instant back, bool fresh = false) {
    births_.heard(left);
    births_.left();
    births_.logged_in(back, fresh);
    return births_.due(back, facts());
  }

  Births births_{{.will_delay = kDelay, .refresh = kRefresh}};
};

TEST_F(BirthsTest, TheFirstLoginIsTold) {
  Births births({.will_delay = kDelay, .refresh = kRefresh});
  EXPECT_EQ(births.due(kStart, facts()), Due::no) << "nobody is there to be told";
  EXPECT_TRUE(births.logged_in(kStart, true));
  EXPECT_EQ(births.due(kStart, facts()), Due::as_news);
  births.told(kStart, facts());
  EXPECT_EQ(births.due(kStart, facts()), Due::no);
}

TEST_F(BirthsTest, AQuickReconnectionIsNotTold) {
  EXPECT_EQ(after(kStart + 1h, kStart + 1h + 1s), Due::no);
  EXPECT_EQ(after(kStart + 2h, kStart + 2h + kDelay - 30s), Due::no);
}

TEST_F(BirthsTest, AHundredQuickReconnectionsAreNotTold) {
  for (int n = 1; n <= 100; ++n)
    EXPECT_EQ(after(kStart + n * 1min, kStart + n * 1min + 20s), Due::no);
}

TEST_F(BirthsTest, WhoeverWasAwayAsLongAsTheWillWaitsTellsAgain) {
  EXPECT_EQ(after(kStart + 1h, kStart + 1h + kDelay), Due::as_news);
}

TEST_F(BirthsTest, ABrokerWhoseClockIsFastIsToldAgain) {
  EXPECT_EQ(after(kStart + 1h, kStart + 1h + kDelay - 20s), Due::as_news);
}

TEST_F(BirthsTest, TheTimeAwayCountsFromTheLastThingHeard) {
  // A line that has been dead for the whole delay before anybody noticed.
  births_.heard(kStart + 1h);
  births_.left();  // noticed only now, and back at once
  EXPECT_TRUE(births_.logged_in(kStart + 1h + kDelay, false));
  EXPECT_EQ(births_.due(kStart + 1h + kDelay, facts()), Due::as_news);
}

TEST_F(BirthsTest, TheAnswerToTheLoginDoesNotEndTheTimeAway) {
  births_.heard(kStart + 1h);
  births_.left();
  births_.heard(kStart + 2h);  // CONNACK
  EXPECT_TRUE(births_.logged_in(kStart + 2h, false));
}

TEST_F(BirthsTest, ALostSessionOrAnotherBrokerIsTold) {
  EXPECT_EQ(after(kStart + 1h, kStart + 1h + 1s, true), Due::as_news);
}

TEST_F(BirthsTest, WithoutADelayEveryReturnIsTold) {
  Births births({.will_delay = Duration(0), .refresh = kRefresh});
  births.logged_in(kStart, true);
  births.told(kStart, facts());
  births.heard(kStart + 1h);
  births.left();
  births.logged_in(kStart + 1h, false);
  EXPECT_EQ(births.due(kStart + 1h, facts()), Due::as_news);
}

TEST_F(BirthsTest, NewFactsAreToldAtOnceAndOnce) {
  EXPECT_EQ(births_.due(kStart + 1min, facts(2)), Due::as_news);
  births_.told(kStart + 1min, facts(2));
  EXPECT_EQ(births_.due(kStart + 2min, facts(2)), Due::no);
}

TEST_F(BirthsTest, SumsAreRefreshedOnceADayAndMayWait) {
  EXPECT_EQ(births_.due(kStart + kRefresh - 1s, facts()), Due::no);
  EXPECT_EQ(births_.next_due(), kStart + kRefresh);
  EXPECT_EQ(births_.due(kStart + kRefresh, facts()), Due::as_refresh);
  births_.told(kStart + kRefresh, facts());
  EXPECT_EQ(births_.next_due(), kStart + 2 * kRefresh);
}

TEST_F(BirthsTest, WithoutARefreshSumsAreLeftAsTheyAre) {
  Births births({.will_delay = kDelay});
  births.logged_in(kStart, true);
  births.told(kStart, facts());
  EXPECT_EQ(births.due(kStart + 8760h, facts()), Due::no);
  EXPECT_FALSE(births.next_due());
}

TEST_F(BirthsTest, WhatFoundNoRoomIsTriedAgainLater) {
  births_.failed(kStart + 10min);
  EXPECT_EQ(births_.due(kStart + 9min, facts()), Due::no);
  EXPECT_EQ(births_.next_due(), kStart + 10min);
  EXPECT_EQ(births_.due(kStart + 10min, facts()), Due::as_news);
}

TEST_F(BirthsTest, ANewConnectionTriesAtOnceWhatFailedBefore) {
  births_.failed(kStart + 1h);
  EXPECT_EQ(after(kStart + 1min, kStart + 2min), Due::as_news);
}

TEST_F(BirthsTest, WhileItIsAwayNothingIsDue) {
  births_.left();
  EXPECT_EQ(births_.due(kStart + 48h, facts(2)), Due::no);
  EXPECT_FALSE(births_.next_due());
}

}  // namespace
}  // namespace holdfast::presence
