// Who goes first, and who waits when the budget runs short.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_entry.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Entry of(Priority priority, Order order = Order::oldest_first) {
  Entry entry = sample_entry();
  entry.priority = priority;
  entry.order = order;
  return entry;
}

TEST(Priorities, UrgentGoesBeforeNormalAndNormalBeforeLow) {
  Outbox box({});
  put(box, of(Priority::low));
  put(box, of(Priority::normal));
  put(box, of(Priority::urgent));
  put(box, of(Priority::normal));
  put(box, of(Priority::urgent));
  EXPECT_THAT(take_all(box), ElementsAre(3, 5, 2, 4, 1));
}

TEST(Priorities, UrgentOvertakesABacklogThatIsBeingSent) {
  Outbox box({});
  for (int i = 0; i < 1'000; ++i) put(box, of(Priority::normal));
  box.take(kStart);
  const MessageId urgent = put(box, of(Priority::urgent));
  EXPECT_EQ(box.take(kStart)->id, urgent);
  EXPECT_EQ(box.take(kStart)->id, 2U);
}

TEST(Priorities, WhatComesBackAfterABrokenConnectionDoesNotOvertakeWhatIsMoreImportant) {
  Outbox box({});
  put(box, of(Priority::normal));
  take_all(box);
  put(box, of(Priority::urgent));
  box.put_back();
  EXPECT_THAT(take_all(box), ElementsAre(2, 1));
}

TEST(Priorities, OneThatIsDueTakesAllAlongInTheirOrder) {
  Outbox box({});
  Entry patient = of(Priority::urgent);
  patient.due = kStart + 1h;
  put(box, patient);
  EXPECT_EQ(box.take(kStart), nullptr);
  put(box, of(Priority::low));
  EXPECT_THAT(take_all(box), ElementsAre(1, 2));
}

TEST(Orders, NewestFirstGoesBackwardsAndBeforeOldestFirst) {
  Outbox box({});
  put(box, of(Priority::normal));
  put(box, of(Priority::normal, Order::newest_first));
  put(box, of(Priority::normal));
  put(box, of(Priority::normal, Order::newest_first));
  put(box, of(Priority::low, Order::newest_first));
  EXPECT_THAT(take_all(box), ElementsAre(4, 2, 1, 3, 5));
}

TEST(Orders, NumbersFollowTheOrderOfHandingOver) {
  Outbox box({});
  for (int i = 0; i < 3; ++i) {
    Entry entry = of(Priority::normal, Order::newest_first);
    entry.stream = 1;
    put(box, entry);
  }
  EXPECT_EQ(box.take(kStart)->sequence, 1U);
  EXPECT_EQ(box.take(kStart)->sequence, 2U);
}

TEST(Admissions, HoldBackWhatTheBudgetDoesNotLetThrough) {
  Outbox box({});
  put(box, of(Priority::low));
  put(box, of(Priority::normal));
  put(box, of(Priority::urgent));
  box.admit(Admission::urgent_only);
  EXPECT_EQ(box.fill().held_back, 2U);
  EXPECT_THAT(take_all(box), ElementsAre(3));
  EXPECT_EQ(box.earliest_due(), std::nullopt) << "nobody has to be dialled for the others";
  EXPECT_EQ(box.next_due(kStart), std::nullopt);
  box.admit(Admission::all_but_low);
  EXPECT_EQ(box.earliest_due(), Instant(kStart));
  EXPECT_THAT(take_all(box), ElementsAre(2));
  box.admit(Admission::nothing);
  EXPECT_THAT(take_all(box), IsEmpty());
  box.admit(Admission::everything);
  EXPECT_THAT(take_all(box), ElementsAre(1));
  EXPECT_EQ(box.fill().held_back, 0U);
}

TEST(Admissions, WhatIsHeldBackReleasesNobody) {
  Outbox box({});
  Entry waiting = of(Priority::urgent);
  waiting.due = kStart + 1h;
  put(box, of(Priority::low));
  put(box, waiting);
  box.admit(Admission::urgent_only);
  EXPECT_EQ(box.take(kStart), nullptr);
  EXPECT_EQ(box.next_due(kStart), kStart + 1h);
  EXPECT_THAT(take_all(box, kStart + 1h), ElementsAre(2));
}

TEST(Admissions, WhatIsHeldBackExpiresAllTheSame) {
  Outbox box({});
  Entry entry = of(Priority::low);
  entry.expires = kStart + 1min;
  put(box, entry);
  box.admit(Admission::urgent_only);
  EXPECT_EQ(box.next_due(kStart), kStart + 1min);
  EXPECT_THAT(ids_of(box.expire(kStart + 1min)), ElementsAre(1));
}

}  // namespace
}  // namespace holdfast::outbox
