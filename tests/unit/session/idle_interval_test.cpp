// What silences teach about a network.

#include "session/idle_interval.hpp"

#include <gtest/gtest.h>

#include "harness.hpp"
#include "session/idle_state.hpp"

namespace holdfast::session {
namespace {

// A NAT that forgets a mapping after `patience`: what is learned from it in `rounds`.
IdleRecord learn_from_nat(std::chrono::seconds patience, int rounds, int* deaths = nullptr) {
  IdleRecord record;
  for (int n = 0; n < rounds; ++n) {
    const auto idle = record.probe;
    if (idle < patience) {
      record.line_survived(idle);
    } else {
      record.line_died(idle);
      if (deaths != nullptr) ++*deaths;
    }
  }
  return record;
}

TEST(IdleRecord, BeginsWithWhatNearlyEveryNetworkAllows) {
  EXPECT_EQ(IdleRecord().probe, limits::kFirstProbeInterval);
  EXPECT_EQ(IdleRecord().ping, 0s);
}

TEST(IdleRecord, GrowsWhileIdlePeriodsSurvive) {
  IdleRecord record;
  record.line_survived(4min);
  EXPECT_EQ(record.probe, 4min) << "one is no proof";
  record.line_survived(4min);
  EXPECT_EQ(record.probe, 6min);
  for (int n = 0; n < 100; ++n) record.line_survived(record.probe);
  EXPECT_EQ(record.probe, limits::kMaxProbeInterval);
}

TEST(IdleRecord, LearnsNothingFromShortSilences) {
  IdleRecord record;
  for (int n = 0; n < 1'000; ++n) record.line_survived(3min);
  EXPECT_EQ(record, IdleRecord());
  record.line_died(10s);
  EXPECT_EQ(record, IdleRecord());
}

TEST(IdleRecord, TakesALongerSilenceThatWentWellForProof) {
  IdleRecord record;
  record.line_survived(50min);
  EXPECT_EQ(record.probe, 50min);
}

TEST(IdleRecord, IsCutBackWhenTheLineDiesInASilenceThatWasReliedOn) {
  IdleRecord record;
  record.line_died(4min);
  EXPECT_EQ(record.probe, 144s);
  EXPECT_EQ(record.ceiling, 4min);
}

TEST(IdleRecord, IsNotCutBackByASilenceThatNoProbeWasMeantToEnd) {
  IdleRecord record;
  record.line_died(3h);
  EXPECT_EQ(record.probe, limits::kFirstProbeInterval);
  EXPECT_EQ(record.ceiling, limits::kMaxProbeInterval);
}

TEST(IdleRecord, SettlesBelowWhatTheNetworkAllows) {
  for (const auto patience : {1min, 5min, 15min, 30min, 60min}) {
    int deaths = 0;
    const IdleRecord record = learn_from_nat(patience, 200, &deaths);
    EXPECT_LT(record.probe, patience);
    EXPECT_GE(record.probe, patience / 3) << patience.count();
    // Each death costs a set-up: in 200 periods there are few, and so they stay.
    EXPECT_LE(deaths, 8) << patience.count();
  }
}

TEST(IdleRecord, NeverLeavesItsBounds) {
  IdleRecord record;
  for (int n = 0; n < 50; ++n) record.line_died(record.probe);
  EXPECT_EQ(record.probe, limits::kMinProbeInterval);
  record.line_survived(24h);
  EXPECT_EQ(record.probe, limits::kMaxProbeInterval);
}

TEST(IdleRecord, TriesACeilingAgainAfterLongEnough) {
  IdleRecord record = learn_from_nat(5min, 60);
  ASSERT_LT(record.probe, 5min);
  for (int n = 0; n < 100; ++n) record.line_survived(record.probe);  // another carrier by now
  EXPECT_GT(record.probe, 5min);
}

TEST(IdleRecord, PingsForAProxyThatClosedTwoLinesAfterTheSameTime) {
  IdleRecord record;
  record.line_closed(30s);
  EXPECT_EQ(record.ping, 0s) << "once may have been the broker";
  record.line_closed(31s);
  EXPECT_EQ(record.ping, 24s);
  EXPECT_EQ(record.probe, limits::kFirstProbeInterval) << "that is another matter";
}

TEST(IdleRecord, PingsNotForABrokerThatIsRestartedNowAndThen) {
  IdleRecord record;
  for (const auto idle : {7min, 2min, 14min, 30min, 5min}) record.line_closed(idle);
  EXPECT_EQ(record.ping, 0s);
  record.line_closed(1s);
  EXPECT_EQ(record.closed_at, 5min) << "a line in use is no idle line";
}

TEST(IdleRecord, ForgetsAProxyThatMayBeGone) {
  IdleRecord record;
  record.line_closed(30s);
  record.line_closed(30s);
  for (int n = 0; n < 24; ++n) record.line_survived(24s);
  EXPECT_EQ(record.ping, 0s);
}

TEST(IdleRecords, KeepsNetworksApart) {
  IdleRecords records;
  records.of(1).line_died(4min);
  EXPECT_EQ(records.of(2).probe, 4min);
  EXPECT_EQ(records.of(1).probe, 144s);
}

TEST(IdleRecords, ForgetsTheNetworkThatWasLeftFirst) {
  IdleRecords records;
  for (std::uint64_t n = 0; n < limits::kLearnedNetworks; ++n) records.of(n).survived = 1;
  records.of(0);
  records.of(100);
  EXPECT_EQ(records.rows().size(), limits::kLearnedNetworks);
  EXPECT_EQ(records.of(0).survived, 1U) << "it was used since";
  EXPECT_EQ(records.of(1).survived, 0U) << "it was not, and begins anew";
}

TEST(IdleState, IsReadAsItWasWritten) {
  IdleRecords records;
  records.of(7).line_died(4min);
  records.of(8).line_closed(30s);
  records.of(8).line_closed(30s);
  records.of(8).line_survived(50min);
  std::string why;
  const auto rows = decode_idle_state(encode_idle_state(records.rows()), why);
  ASSERT_TRUE(rows) << why;
  EXPECT_EQ(*rows, records.rows());
}

TEST(IdleState, IsBroughtWithinItsBounds) {
  const std::vector<IdleRecords::Row> wild{
      {.network = 1,
       .record = {.probe = 0s, .ceiling = 100h, .ping = 1s, .survived = 1'000, .deaths = 99}},
      {.network = 1, .record = {}}};
  std::string why;
  const auto rows = decode_idle_state(encode_idle_state(wild), why);
  ASSERT_TRUE(rows);
  IdleRecords records;
  records.restore(*rows);
  ASSERT_EQ(records.rows().size(), 1U) << "a network counts once";
  const IdleRecord& record = records.rows().front().record;
  EXPECT_EQ(record.probe, limits::kMinProbeInterval);
  EXPECT_EQ(record.ceiling, limits::kMaxProbeInterval);
  EXPECT_EQ(record.ping, limits::kMinPingInterval);
  EXPECT_EQ(record.deaths, 5U);
}

TEST(IdleState, IsRefusedWhereItIsAnythingElse) {
  std::string why;
  EXPECT_FALSE(decode_idle_state({}, why));
  EXPECT_FALSE(why.empty());
  auto bytes = encode_idle_state({{.network = 1, .record = {}}});
  bytes.resize(bytes.size() / 2);
  EXPECT_FALSE(decode_idle_state(bytes, why));
}

}  // namespace
}  // namespace holdfast::session
