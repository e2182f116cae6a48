// Would the storm notice? Each breach of the contract, made up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storm/streams.hpp"
#include "storm/verdict.hpp"

namespace holdfast::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The last digits of what goes on "storm/normal" are 0, 3 and 6.
Arrived typed(std::uint64_t number, std::uint64_t epoch, std::uint32_t sequence) {
  return {std::string(stream_of(number).topic), number, Origin{epoch, sequence}};
}

// One of several that share a message.
Arrived part(std::uint64_t number, std::uint64_t epoch, std::uint32_t sequence,
             std::uint32_t part) {
  return {std::string(stream_of(number).topic), number, Origin{epoch, sequence, part}};
}

Arrived opaque(std::uint64_t number) {
  return {std::string(stream_of(number).topic), number, std::nullopt};
}

constexpr std::uint64_t kSecond = kNumbersPerLife;         // the first number of a life
constexpr std::uint64_t kThird = 2 * kNumbersPerLife;      // and of the next
constexpr std::uint64_t kLive = 5, kState = 7, kText = 9;  // last digits

TEST(Verdict, TakesSecondCopiesAndWhatWasNeverPromised) {
  const Verdict verdict =
      judge({0, 3, 6, 19}, {typed(0, 7, 1), typed(3, 7, 2), opaque(19), typed(0, 7, 1),
                            typed(3, 7, 2), opaque(19), typed(6, 7, 3), typed(10, 7, 4)});
  EXPECT_THAT(verdict.breaches, IsEmpty());
  EXPECT_EQ(verdict.first_copies, 5u);
  EXPECT_EQ(verdict.second_copies, 3u);
  EXPECT_EQ(verdict.without_receipt, 1u);
  EXPECT_EQ(verdict.gaps, 0u);
}

TEST(Verdict, TakesReadingsThatShareAMessage) {
  const std::vector<Arrived> once{part(0, 7, 1, 0), part(3, 7, 1, 1), part(6, 7, 2, 0)};
  std::vector<Arrived> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  const Verdict verdict = judge({0, 3, 6}, twice);
  EXPECT_THAT(verdict.breaches, IsEmpty());
  EXPECT_EQ(verdict.first_copies, 3u);
  EXPECT_EQ(verdict.second_copies, 3u);
  EXPECT_EQ(verdict.gaps, 0u);
}

TEST(Verdict, NoticesAMessageThatWasPutTogetherAnewUnderItsNumber) {
  EXPECT_THAT(
      judge({}, {part(0, 7, 1, 0), part(3, 7, 1, 1), part(0, 7, 1, 0), part(6, 7, 1, 1)}).breaches,
      ElementsAre(HasSubstr("sequence number of another's")));
}

TEST(Verdict, NoticesALoss) {
  EXPECT_THAT(judge({0, 3}, {typed(0, 7, 1)}).breaches,
              ElementsAre(HasSubstr("3 on storm/normal is lost")));
  EXPECT_THAT(judge({kText}, {}).breaches, ElementsAre(HasSubstr("is lost")));
}

TEST(Verdict, NoticesThatFirstCopiesAreOutOfOrder) {
  EXPECT_THAT(judge({0, 3}, {typed(3, 7, 1), typed(0, 7, 2)}).breaches,
              ElementsAre(HasSubstr("0 on storm/normal is out of order")));
  EXPECT_THAT(judge({}, {opaque(19), opaque(kText)}).breaches,
              ElementsAre(HasSubstr("is out of order")));
}

TEST(Verdict, LetsTheNewestGoFirstWhereThatWasAskedFor) {
  EXPECT_THAT(judge({kLive, 15}, {typed(15, 7, 1), typed(kLive, 7, 2)}).breaches, IsEmpty());
}

TEST(Verdict, NoticesOneSequenceNumberForTwo) {
  const auto breaches = judge({}, {typed(0, 7, 1), typed(3, 7, 1)}).breaches;
  EXPECT_THAT(breaches, ElementsAre(HasSubstr("has a sequence number of another's")));
}

TEST(Verdict, NoticesTwoSequenceNumbersForOne) {
  EXPECT_THAT(judge({0}, {typed(0, 7, 1), typed(0, 8, 1)}).breaches,
              ElementsAre(HasSubstr("is fresh a second time")));
}

TEST(Verdict, LetsANewerValueStandForAnOlderOne) {
  EXPECT_THAT(judge({kState, 17}, {typed(17, 7, 1)}).breaches, IsEmpty());
  EXPECT_THAT(judge({kState, 17}, {typed(kState, 7, 1)}).breaches,
              ElementsAre(HasSubstr("is lost")));
}

TEST(Verdict, ExplainsAGapByWhatAKillHasTaken) {
  // Number 3 was sent, or nearly, and never stored.
  const Verdict verdict = judge({0, 6}, {typed(0, 7, 1), typed(6, 7, 3)});
  EXPECT_THAT(verdict.breaches, IsEmpty());
  EXPECT_EQ(verdict.gaps, 1u);
}

TEST(Verdict, NoticesAGapThatNothingExplains) {
  EXPECT_THAT(judge({0, 3, 6}, {typed(0, 7, 1), typed(3, 7, 2), typed(6, 7, 4)}).breaches,
              ElementsAre(HasSubstr("6 on storm/normal stands behind a gap")));
  // What an earlier life has lost was never numbered by a later one.
  EXPECT_THAT(judge({kSecond, kSecond + 6, kThird},
                    {typed(kSecond, 7, 1), typed(kSecond + 6, 7, 3), typed(kThird, 7, 4)})
                  .breaches,
              ElementsAre(HasSubstr("stands behind a gap")));
}

TEST(Verdict, BoundsTheGapsWhereTheNewestGoesFirst) {
  EXPECT_THAT(judge({kLive, 15}, {typed(15, 7, 1), typed(kLive, 7, 100)}).breaches, IsEmpty());
  EXPECT_THAT(judge({kLive, 15}, {typed(15, 7, 200), typed(kLive, 7, 300)}).breaches,
              ElementsAre(HasSubstr("stands behind a gap")));
}

}  // namespace
}  // namespace holdfast::test
