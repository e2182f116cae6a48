// Who has to go when there is no room, and which message replaces which.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_entry.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr StreamId kStream = 1;

struct Put {
  MessageId id = 0;
  std::vector<Casualty> gone;
  Failure refused;
};

Put put_all(Outbox& box, Entry entry) {
  Put result;
  result.id = box.put(std::move(entry), result.gone, result.refused);
  return result;
}

Entry of(Priority priority) {
  Entry entry = sample_entry();
  entry.priority = priority;
  return entry;
}

Entry keyed(const std::string& key, const std::string& topic = "t") {
  Entry entry = sample_entry(topic);
  entry.key = key;
  return entry;
}

Entry in_stream(StreamId stream = kStream) {
  Entry entry = sample_entry();
  entry.stream = stream;
  return entry;
}

TEST(WhenFullTest, DropNewDropsTheNewOneAndTellsSo) {
  Outbox box({.messages = 1, .bytes = 1'000, .when_full = WhenFull::drop_new});
  put(box, sample_entry());
  const Put result = put_all(box, sample_entry());
  EXPECT_EQ(result.id, 2U) << "it was accepted";
  EXPECT_THAT(ids_of(result.gone), ElementsAre(2));
  EXPECT_EQ(result.gone.front().reason.error, Errc::outbox_full);
  EXPECT_THAT(take_all(box), ElementsAre(1));
}

TEST(WhenFullTest, DropOldestDropsAsManyAsItTakes) {
  Outbox box({.messages = 10, .bytes = 33, .when_full = WhenFull::drop_oldest});
  for (int i = 0; i < 3; ++i) put(box, sample_entry());
  const Put result = put_all(box, sample_entry("t", 20));
  EXPECT_THAT(ids_of(result.gone), ElementsAre(1, 2));
  EXPECT_THAT(result.gone.front().reason.detail, HasSubstr("the outbox was full"));
  EXPECT_THAT(take_all(box), ElementsAre(3, 4));
}

TEST(WhenFullTest, WhatIsUnderWayIsNotDroppedAndNothingIsDroppedInVain) {
  Outbox box({.messages = 10, .bytes = 33, .when_full = WhenFull::drop_oldest});
  for (int i = 0; i < 3; ++i) put(box, sample_entry());
  box.take(kStart);
  const Put result = put_all(box, sample_entry("t", 30));
  EXPECT_EQ(result.id, 0U);
  EXPECT_EQ(result.refused.error, Errc::outbox_full);
  EXPECT_THAT(result.gone, IsEmpty());
  EXPECT_EQ(box.fill().waiting, 2U);
}

TEST(WhenFullTest, WhatWasHandedOverOnceIsNotDropped) {
  Outbox box({.messages = 2, .bytes = 1'000, .when_full = WhenFull::drop_oldest});
  put(box, sample_entry());
  box.take(kStart);
  box.put_back();
  put(box, sample_entry());
  EXPECT_THAT(ids_of(put_all(box, sample_entry()).gone), ElementsAre(2));
}

TEST(WhenFullTest, DropLowestPrioritySparesWhatIsMoreImportant) {
  Outbox box({.messages = 3, .bytes = 1'000, .when_full = WhenFull::drop_lowest_priority});
  put(box, of(Priority::urgent));
  put(box, of(Priority::normal));
  put(box, of(Priority::low));
  EXPECT_THAT(ids_of(put_all(box, of(Priority::normal)).gone), ElementsAre(3));
  EXPECT_THAT(ids_of(put_all(box, of(Priority::normal)).gone), ElementsAre(2));
  EXPECT_THAT(refusal_of(box, of(Priority::low)).detail, HasSubstr("outbox.messages"));
  EXPECT_THAT(ids_of(put_all(box, of(Priority::urgent)).gone), ElementsAre(4));
  EXPECT_THAT(take_all(box), ElementsAre(1, 6, 5));
}

TEST(StreamBoundsTest, HoldForTheStreamAlone) {
  Outbox box({});
  box.bound_stream(kStream, {.messages = 1});
  put(box, in_stream());
  const Failure refused = refusal_of(box, in_stream());
  EXPECT_EQ(refused.error, Errc::outbox_full);
  EXPECT_THAT(refused.detail, HasSubstr("the stream on \"t\""));
  EXPECT_THAT(refused.detail, HasSubstr("bounds.messages"));
  EXPECT_NE(put(box, in_stream(2)), 0U);
  EXPECT_NE(put(box, sample_entry()), 0U);
}

TEST(StreamBoundsTest, DropTheOldestOfTheirOwn) {
  Outbox box({});
  box.bound_stream(kStream, {.bytes = 22, .when_full = WhenFull::drop_oldest});
  put(box, sample_entry());
  put(box, in_stream());
  put(box, in_stream());
  const Put result = put_all(box, in_stream());
  EXPECT_THAT(ids_of(result.gone), ElementsAre(2));
  EXPECT_THAT(take_all(box), ElementsAre(1, 3, 4));
}

TEST(StreamBoundsTest, NothingOfAStreamIsDroppedWhereTheOutboxRefuses) {
  Outbox box({.messages = 10, .bytes = 33});
  box.bound_stream(kStream, {.messages = 2, .when_full = WhenFull::drop_oldest});
  put(box, in_stream());
  put(box, in_stream());
  Entry large = in_stream();
  large.payload.resize(25);
  EXPECT_THAT(refusal_of(box, large).detail, HasSubstr("outbox.bytes"));
  EXPECT_EQ(box.fill().waiting, 2U);
}

TEST(StreamBoundsTest, ADroppedMessageLeavesNoGapInTheNumbers) {
  Outbox box({});
  box.bound_stream(kStream, {.messages = 1, .when_full = WhenFull::drop_oldest});
  put(box, in_stream());
  EXPECT_EQ(box.take(kStart)->sequence, 1U);
  box.settle(1);
  put(box, in_stream());
  put(box, in_stream());
  EXPECT_EQ(box.take(kStart)->sequence, 2U);
}

TEST(Keys, OnlyTheLastValueWaitsInThePlaceOfTheFirst) {
  Outbox box({});
  put(box, keyed("door"));
  put(box, sample_entry());
  const Put result = put_all(box, keyed("door"));
  EXPECT_THAT(ids_of(result.gone), ElementsAre(1));
  EXPECT_EQ(result.gone.front().reason.error, Errc::replaced);
  EXPECT_THAT(take_all(box), ElementsAre(3, 2));
}

TEST(Keys, AreThoseOfATopic) {
  Outbox box({});
  put(box, keyed("door", "a"));
  EXPECT_THAT(put_all(box, keyed("door", "b")).gone, IsEmpty());
  EXPECT_THAT(put_all(box, keyed("window", "a")).gone, IsEmpty());
  EXPECT_THAT(put_all(box, sample_entry("a")).gone, IsEmpty());
}

TEST(Keys, DoNotReplaceWhatIsOrWasUnderWay) {
  Outbox box({});
  put(box, keyed("door"));
  box.take(kStart);
  EXPECT_THAT(put_all(box, keyed("door")).gone, IsEmpty());
  box.put_back();
  EXPECT_THAT(ids_of(put_all(box, keyed("door")).gone), ElementsAre(2));
  EXPECT_THAT(take_all(box), ElementsAre(1, 3));
}

TEST(Keys, AReplacementTakesNoMoreRoomThanWhatItReplaces) {
  Outbox box({.messages = 1, .bytes = 15});
  put(box, keyed("door"));
  EXPECT_NE(put(box, keyed("door")), 0U);
  Entry larger = keyed("door");
  larger.payload.resize(11);
  EXPECT_THAT(refusal_of(box, larger).detail, HasSubstr("outbox.bytes"));
  EXPECT_THAT(take_all(box), ElementsAre(2)) << "what it would have replaced is still there";
}

TEST(Keys, AReplacementOfAnotherPriorityGoesToItsOwnLane) {
  Outbox box({});
  put(box, sample_entry());
  put(box, keyed("door"));
  Entry alarm = keyed("door");
  alarm.priority = Priority::urgent;
  put(box, alarm);
  EXPECT_THAT(take_all(box), ElementsAre(3, 1));
}

}  // namespace
}  // namespace holdfast::outbox
