// Does a version only go up, is what the broker has not sent again, and is nothing lost by a
// restart?

#include "twin/twin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <holdfast/limits.hpp>
#include <holdfast/message.hpp>
#include <holdfast/state_document.hpp>

namespace holdfast::twin {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Verdict = Twin::Verdict;

const Instant kStart = Instant() + 1000h;

Twin twin() {
  return {"fleet/truck/state", std::nullopt};
}
// The same in the next process.
Twin after_restart(Twin& last, bool in_order = true) {
  if (in_order) last.leave();
  std::string why;
  auto kept = decode_kept(encode_kept(last.kept()), why);
  EXPECT_TRUE(kept) << why;
  return {"fleet/truck/state", std::move(kept)};
}

TEST(TwinDesired, OnlyNewerVersionsAreTaken) {
  Twin twin = twin::twin();
  std::string why;
  EXPECT_EQ(twin.offer(3, as_payload("three"), why), Verdict::taken);
  EXPECT_EQ(twin.offer(3, as_payload("three"), why), Verdict::unchanged);
  EXPECT_EQ(twin.offer(4, as_payload("four"), why), Verdict::taken);
  EXPECT_TRUE(why.empty());
  EXPECT_EQ(twin.offer(3, as_payload("three"), why), Verdict::refused);
  EXPECT_THAT(why, HasSubstr("version 4 was taken before; publish it with a higher version"));
  EXPECT_EQ(twin.offer(4, as_payload("vier"), why), Verdict::refused);
  EXPECT_THAT(why, HasSubstr("other content"));
  EXPECT_EQ(twin.kept().desired_version, 4U);
  EXPECT_EQ(as_text(twin.kept().desired), "four");
}

TEST(TwinDesired, TheVersionIsNotForgottenByARestart) {
  Twin first = twin();
  std::string why;
  first.offer(9, as_payload("nine"), why);
  Twin second = after_restart(first);
  EXPECT_EQ(second.offer(8, as_payload("eight"), why), Verdict::refused);
  EXPECT_EQ(second.offer(9, as_payload("nine"), why), Verdict::unchanged);
}

TEST(TwinDesired, TheBrokerIsAskedWhereSomethingMayBeMissing) {
  Twin first = twin();
  EXPECT_TRUE(first.must_ask()) << "there is none";
  std::string why;
  first.offer(1, as_payload("one"), why);
  Twin second = after_restart(first);
  EXPECT_FALSE(second.must_ask());
  EXPECT_TRUE(after_restart(second, false).must_ask()) << "killed: one may not be written";
}

TEST(TwinReported, AChangeIsSentAndTheSameIsNot) {
  Twin twin = twin::twin();
  EXPECT_FALSE(twin.needs_sending());
  EXPECT_TRUE(twin.report(as_payload("a")));
  EXPECT_TRUE(twin.needs_sending());
  EXPECT_FALSE(twin.report(as_payload("a"))) << "it is on its way";
  EXPECT_TRUE(twin.acknowledged(1));
  EXPECT_FALSE(twin.acknowledged(1));
  EXPECT_FALSE(twin.needs_sending());
  EXPECT_FALSE(twin.report(as_payload("a"))) << "the broker has it";
  EXPECT_TRUE(twin.report(as_payload("b")));
  EXPECT_EQ(twin.kept().reported_version, 2U);
}

TEST(TwinReported, AnAcknowledgementOfAnOlderOneSaysNothing) {
  Twin twin = twin::twin();
  twin.report(as_payload("a"));
  twin.report(as_payload("b"));
  EXPECT_FALSE(twin.acknowledged(1));
  EXPECT_TRUE(twin.needs_sending());
}

TEST(TwinReported, GoingBackBeforeTheAcknowledgementIsAChangeAsWell) {
  Twin twin = twin::twin();
  twin.report(as_payload("a"));
  twin.acknowledged(1);
  twin.report(as_payload("b"));  // which may be with the broker already
  EXPECT_TRUE(twin.report(as_payload("a")));
  EXPECT_EQ(twin.kept().reported_version, 3U);
}

TEST(TwinReported, WhatWasNotAcknowledgedIsSentByTheNextProcess) {
  Twin first = twin();
  first.report(as_payload("a"));
  Twin second = after_restart(first);
  EXPECT_TRUE(second.needs_sending());
  second.acknowledged(1);
  Twin third = after_restart(second);
  EXPECT_FALSE(third.needs_sending());
  EXPECT_TRUE(third.report(as_payload("b")));
  EXPECT_EQ(third.kept().reported_version, 2U) << "versions go on";
}

TEST(TwinReported, TellsWhichDesiredVersionItHasSeen) {
  Twin twin = twin::twin();
  std::string why;
  twin.offer(7, as_payload("wanted"), why);
  twin.report(as_payload("actual"));
  StateBody body;
  const auto sealed = twin.sealed();
  ASSERT_FALSE(open_state(sealed, body));
  EXPECT_EQ(body.version, 1U);
  EXPECT_EQ(body.seen, 7U);
  EXPECT_EQ(as_text(body.bytes), "actual");
}

TEST(TwinReported, ABrokerThatHasForgottenIsToldTheSameOnceMore) {
  Twin twin = twin::twin();
  twin.report(as_payload("a"));
  twin.acknowledged(1);
  twin.forgotten();
  EXPECT_TRUE(twin.needs_sending());
  EXPECT_EQ(twin.kept().reported_version, 1U);
  EXPECT_TRUE(twin.acknowledged(1));
}

TEST(TwinReported, ABackEndThatIsBehindIsToldOnceAnHour) {
  Twin twin = twin::twin();
  EXPECT_FALSE(twin.answer(kStart)) << "there is nothing to tell";
  twin.report(as_payload("a"));
  twin.acknowledged(1);
  EXPECT_TRUE(twin.answer(kStart));
  EXPECT_TRUE(twin.needs_sending());
  EXPECT_EQ(twin.kept().reported_version, 2U);
  twin.acknowledged(2);
  EXPECT_FALSE(twin.answer(kStart + limits::kStateAnswerInterval - 1s));
  EXPECT_TRUE(twin.answer(kStart + limits::kStateAnswerInterval));
}

TEST(TwinForgotten, ASessionThatIsMissingBeforeItsTimeIsASignOfIt) {
  EXPECT_TRUE(may_have_forgotten(false, LastBroker::same, 1min, 24h));
  EXPECT_FALSE(may_have_forgotten(true, LastBroker::same, 1min, 24h));
  EXPECT_FALSE(may_have_forgotten(false, LastBroker::same, 25h, 24h)) << "it was over anyway";
  EXPECT_FALSE(may_have_forgotten(false, LastBroker::same, 1s, 0s)) << "there never is one";
}

TEST(TwinForgotten, TheFirstConnectionAndAnotherBrokerAreLookedAtAlike) {
  EXPECT_TRUE(may_have_forgotten(false, LastBroker::none, 0s, 24h));
  EXPECT_FALSE(may_have_forgotten(true, LastBroker::none, 0s, 24h));
  EXPECT_TRUE(may_have_forgotten(true, LastBroker::other, 1s, 24h));
}

}  // namespace
}  // namespace holdfast::twin
