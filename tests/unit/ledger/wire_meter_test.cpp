#include "ledger/wire_meter.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace holdfast::ledger {
namespace {

using namespace std::chrono_literals;
using Stage = WireSample::Stage;

const Instant kStart = Instant() + 1h;

// A connection over IPv4 with timestamps, which has carried 500 bytes up and 900 down.
WireSample sample_of(Stage stage = Stage::open) {
  WireSample sample;
  sample.segments_up = 5;
  sample.segments_down = 4;
  sample.data_segments_up = 2;
  sample.data_segments_down = 2;
  sample.bytes_up = 500;
  sample.bytes_down = 900;
  sample.stage = stage;
  sample.timestamps = true;
  return sample;
}

WireMeter connected_meter() {
  WireSample sample = sample_of();
  sample.segments_up = sample.segments_down = 1;
  sample.data_segments_up = sample.data_segments_down = 0;
  sample.bytes_up = sample.bytes_down = 0;
  WireMeter meter;
  meter.connected(sample, kStart);
  return meter;
}

WireBill bill_of(const WireMeter& meter, const WireSample& sample) {
  return meter.bill(sample, kStart + 1ms);
}

TEST(WireMeterTest, CountsHeadersAndTheLongerOnesOfTheSetUp) {
  const WireBill bill = bill_of(connected_meter(), sample_of());
  EXPECT_EQ(bill.up.total(), 500U + 5 * 52 + 8);
  EXPECT_EQ(bill.down.total(), 900U + 4 * 52 + 8);
  EXPECT_EQ(bill.up.carried, 500U);
  EXPECT_EQ(bill.up.repeated, 0U);
}

TEST(WireMeterTest, KnowsTheHeadersOfIpv6AndOfPeersWithoutTimestamps) {
  WireSample sample = sample_of();
  sample.ipv6 = true;
  EXPECT_EQ(bill_of(connected_meter(), sample).down.total(), 900U + 4 * 72 + 8);
  sample.ipv6 = false;
  sample.timestamps = false;
  EXPECT_EQ(bill_of(connected_meter(), sample).down.total(), 900U + 4 * 40 + 12);
  // Our SYN has offered them all the same.
  EXPECT_EQ(bill_of(connected_meter(), sample).up.total(), 500U + 5 * 40 + 20);
}

TEST(WireMeterTest, AnAttemptThatNobodyAnsweredIsFourSyns) {
  WireSample sample;
  sample.stage = Stage::connecting;
  sample.segments_up = 4;
  sample.repeated_segments = 3;
  const WireBill bill = WireMeter().final_bill(sample, End::reset, kStart);
  EXPECT_EQ(bill.down.total(), 0U);
  EXPECT_EQ(bill.up.total(), 4U * 60);
}

TEST(WireMeterTest, ARefusedAttemptIsASynAndARst) {
  WireSample sample;
  sample.segments_up = sample.segments_down = 1;
  const WireBill bill = WireMeter().final_bill(sample, End::broken, kStart);
  EXPECT_GE(bill.up.total(), 60U);
  EXPECT_GE(bill.down.total(), 40U);
  EXPECT_LE(bill.up.total() + bill.down.total(), 120U);
}

TEST(WireMeterTest, SynsOfTheSetUpAreLongerWhenRepeated) {
  WireSample sample = sample_of();
  sample.segments_up = sample.segments_down = 1;
  sample.bytes_up = sample.bytes_down = 0;
  sample.repeated_segments = 2;
  sample.segments_up = 3;
  WireMeter meter;
  meter.connected(sample, kStart);
  const WireBill bill = bill_of(meter, sample);
  EXPECT_EQ(bill.up.total(), 3U * 60);
  EXPECT_EQ(bill.up.repeated, 2U * 60);
}

TEST(WireMeterTest, RepeatedSegmentsAreApart) {
  WireSample sample = sample_of();
  sample.segments_up += 1;
  sample.bytes_up += 150;
  sample.repeated_bytes = 150;
  sample.repeated_segments = 1;
  const WireBill bill = bill_of(connected_meter(), sample);
  EXPECT_EQ(bill.up.carried, 500U);
  EXPECT_EQ(bill.up.repeated, 150U + 52);
  EXPECT_EQ(bill.up.total(), 650U + 6 * 52 + 8);
}

TEST(WireMeterTest, SecondCopiesAreEstimatedByTheSegmentsBefore) {
  WireMeter meter = connected_meter();
  meter.look(sample_of(), kStart + 1ms);  // 900 bytes in two segments
  WireSample later = sample_of();
  later.segments_down += 1;
  later.data_segments_down += 1;
  later.dropped = 1;
  const WireBill bill = bill_of(meter, later);
  EXPECT_EQ(bill.down.carried, 900U);
  EXPECT_EQ(bill.down.repeated, 450U + 52);
  // It was acknowledged with a DSACK.
  EXPECT_EQ(bill.up.headers, 5U * 52 + 8);
  later.segments_up += 1;
  EXPECT_EQ(bill_of(meter, later).up.headers, 6U * 52 + 8 + 12);
}

TEST(WireMeterTest, ADroppedSegmentWithoutDataIsNoCopy) {
  WireMeter meter = connected_meter();
  meter.look(sample_of(), kStart + 1ms);
  WireSample later = sample_of();
  later.segments_down += 1;
  later.dropped = 1;  // a second SYN-ACK
  EXPECT_EQ(bill_of(meter, later).down.total(), 900U + 5 * 52 + 8 + 8);
}

TEST(WireMeterTest, TheFinThatTheKernelCountsAsAByteIsNone) {
  WireSample sample = sample_of(Stage::peer_ended);
  sample.bytes_down += 1;
  EXPECT_EQ(bill_of(connected_meter(), sample).down.carried, 900U);
  sample.stage = Stage::closed;  // after a FIN, or after a RST
  EXPECT_EQ(bill_of(connected_meter(), sample).down.carried, 901U);
  sample.fin_came = true;
  EXPECT_EQ(bill_of(connected_meter(), sample).down.carried, 900U);
}

TEST(WireMeterTest, ManySmallSegmentsThatAreRepeatedAsOneAreEstimatedByTheirMean) {
  WireMeter meter = connected_meter();
  meter.look(sample_of(), kStart + 1ms);  // large ones
  WireSample later = sample_of();
  // One of 30 bytes is lost, nine like it come, and the first five once more in one segment.
  later.segments_down += 10;
  later.data_segments_down += 10;
  later.bytes_down += 300;
  later.out_of_order = 9;
  later.dropped = 4;
  const WireBill bill = bill_of(meter, later);
  EXPECT_GE(bill.down.repeated, 4U * 30 + 4 * 52);
  EXPECT_LE(bill.down.repeated, 4U * 64 + 4 * 52);
}

// Headers up beyond those without options, after one look.
std::uint64_t options_up(const WireMeter& meter, const WireSample& sample) {
  return bill_of(meter, sample).up.headers - sample.segments_up * 52 - 8;
}

std::uint64_t options_down(const WireMeter& meter, const WireSample& sample) {
  return bill_of(meter, sample).down.headers - sample.segments_down * 52 - 8;
}

TEST(WireMeterTest, ASegmentBehindAHoleIsAcknowledgedByALongerHeader) {
  const WireMeter meter = connected_meter();
  WireSample sample = sample_of();  // four up, two of them without data
  sample.out_of_order = 1;
  EXPECT_EQ(options_up(meter, sample), 12U);
  sample.out_of_order = 2;  // perhaps behind two
  EXPECT_EQ(options_up(meter, sample), 2U * 20);
  sample.out_of_order = 9;  // of the two with data one went before the hole was known
  EXPECT_EQ(options_up(meter, sample), 3U * 20);
}

TEST(WireMeterTest, AHoleMakesAllHeadersLongerUntilItIsClosed) {
  WireMeter meter = connected_meter();
  WireSample sample = sample_of();
  sample.out_of_order = 1;
  sample.hole = true;
  meter.look(sample, kStart + 1ms);
  EXPECT_EQ(options_up(meter, sample), 12U);
  sample.segments_up += 10;
  sample.data_segments_up += 10;
  meter.look(sample, kStart + 2ms);
  EXPECT_EQ(options_up(meter, sample), 11U * 12);
  sample.hole = false;
  sample.segments_up += 10;
  meter.look(sample, kStart + 3ms);
  EXPECT_EQ(options_up(meter, sample), 21U * 12);
  sample.segments_up += 10;
  EXPECT_EQ(options_up(meter, sample), 21U * 12);
}

TEST(WireMeterTest, OnABadLineThereAreSeveralHoles) {
  WireSample sample = sample_of();
  sample.out_of_order = 9;
  sample.repeated_segments = 1;
  EXPECT_EQ(options_up(connected_meter(), sample) + 52, 3U * 28);  // what was repeated is apart
}

TEST(WireMeterTest, ACopyIsToldOfInABlockOfItsOwn) {
  WireMeter meter = connected_meter();
  WireSample sample = sample_of();
  sample.out_of_order = 2;
  sample.hole = true;
  meter.look(sample, kStart + 1ms);
  ASSERT_EQ(options_up(meter, sample), 40U);
  sample.segments_up += 1;
  sample.segments_down += 1;
  sample.data_segments_down += 1;
  sample.dropped = 1;
  EXPECT_EQ(options_up(meter, sample), 40U + 20 + 8);
}

TEST(WireMeterTest, AHoleOfThePeersCountsWhereThereCanBeOne) {
  WireSample sample = sample_of();
  sample.repeated_segments = 1;
  sample.segments_up += 1;
  sample.data_segments_up += 1;
  // Two on the way, the first of them lost: the one segment without data has told so.
  EXPECT_EQ(options_down(connected_meter(), sample), 12U);
  sample.data_segments_up -= 1;  // one alone: nothing behind it
  EXPECT_EQ(options_down(connected_meter(), sample), 0U);
}

TEST(WireMeterTest, AHoleOfThePeersMakesAllThatItSendsLonger) {
  WireMeter meter = connected_meter();
  WireSample sample = sample_of();
  sample.peer_holds = 1;
  meter.look(sample, kStart + 1ms);
  EXPECT_EQ(options_down(meter, sample), 3U * 12);
  // When it has been closed, what has data is an answer to what was behind it.
  sample.peer_holds = 0;
  sample.outstanding = 0;
  sample.segments_down += 6;
  sample.data_segments_down += 5;
  sample.data_segments_up += 2;
  EXPECT_EQ(options_down(meter, sample), 3U * 12 + 2 * 12);
}

TEST(WireMeterTest, WhatComesInAnotherOrderMakesAHoleWithoutALoss) {
  WireSample sample = sample_of();
  EXPECT_EQ(options_down(connected_meter(), sample), 0U);
  sample.reorderings = 1;
  EXPECT_EQ(options_down(connected_meter(), sample), 12U);
}

// The kernel counts bytes behind a hole when it is closed, and their segments when they come.
TEST(WireMeterTest, SegmentsBehindAHoleBelongToTheBytesThatItsEndBrings) {
  WireMeter meter = connected_meter();
  meter.look(sample_of(), kStart + 1ms);
  WireSample sample = sample_of();
  sample.segments_down += 9;
  sample.data_segments_down += 9;
  sample.out_of_order = 9;
  sample.hole = true;
  meter.look(sample, kStart + 2ms);
  sample.segments_down += 1;
  sample.data_segments_down += 1;
  sample.bytes_down += 300;
  sample.hole = false;
  meter.look(sample, kStart + 3ms);
  // Those before had 30 bytes each, and not 300 or 450: so have two copies, and perhaps a third.
  sample.segments_down += 8;
  sample.data_segments_down += 8;
  sample.bytes_down += 180;
  sample.dropped = 2;
  EXPECT_EQ(bill_of(meter, sample).down.repeated, 3U * 30 + 2 * 52);
}

TEST(WireMeterTest, SegmentsWaitForTheirBytesAlsoWhereThereMayBeAHole) {
  WireMeter meter = connected_meter();
  meter.look(sample_of(), kStart + 1ms);
  WireSample sample = sample_of();
  sample.segments_down += 9;
  sample.data_segments_down += 9;
  sample.bytes_down += 30;
  sample.out_of_order = 8;
  sample.unread = true;
  meter.look(sample, kStart + 2ms);
  sample.segments_down += 1;
  sample.data_segments_down += 1;
  sample.bytes_down += 270;
  sample.unread = false;
  meter.look(sample, kStart + 3ms);
  sample.segments_down += 8;
  sample.data_segments_down += 8;
  sample.bytes_down += 180;
  sample.dropped = 2;
  EXPECT_EQ(bill_of(meter, sample).down.repeated, 3U * 30 + 2 * 52);
}

TEST(WireMeterTest, WhatFillsAHoleMayBringAllThatWasBehindItOnceMore) {
  WireMeter meter = connected_meter();
  meter.look(sample_of(), kStart + 1ms);
  WireSample sample = sample_of();
  sample.segments_down += 5;
  sample.data_segments_down += 5;
  sample.out_of_order = 5;
  sample.hole = true;
  meter.look(sample, kStart + 2ms);
  sample.segments_down += 1;
  sample.data_segments_down += 1;
  sample.bytes_down += 6 * 27;
  sample.dropped = 5;
  sample.hole = false;
  const WireBill bill = bill_of(meter, sample);
  EXPECT_GE(bill.down.repeated, 5U * 27 + 5 * 52);
  EXPECT_LE(bill.down.repeated, 6U * 27 + 5 * 52);
}

TEST(WireMeterTest, ProbesBelongToKeepAlive) {
  WireMeter meter = connected_meter();
  WireSample sample = sample_of();
  sample.probe_after = 60s;
  meter.look(sample, kStart);
  sample.segments_up += 3;
  sample.segments_down += 3;
  const WireBill bill = meter.bill(sample, kStart + 200s);
  EXPECT_EQ(bill.up.probes, 3U * 52);
  EXPECT_EQ(bill.down.probes, 3U * 52);
  EXPECT_EQ(bill.up.total(), 500U + 8 * 52 + 8);
  // Not more than there were segments, and none without a silence.
  EXPECT_EQ(meter.bill(sample, kStart + 1h).up.probes, 3U * 52);
  EXPECT_EQ(meter.bill(sample, kStart + 59s).up.probes, 0U);
}

TEST(WireMeterTest, TheLastSegmentsAreKnownFromTheStageOfTheClose) {
  const auto tail = [](Stage stage, End end) {
    const WireMeter meter = connected_meter();
    const WireBill now = bill_of(meter, sample_of(stage));
    const WireBill final = meter.final_bill(sample_of(stage), end, kStart + 1ms);
    EXPECT_EQ((final.up.total() - now.up.total()), 52 * (final.up.segments - now.up.segments));
    return std::pair(final.up.segments - now.up.segments, final.down.segments - now.down.segments);
  };
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(tail(Stage::closed, End::orderly), Pair(0, 0));
  EXPECT_EQ(tail(Stage::open, End::broken), Pair(0, 0));
  EXPECT_EQ(tail(Stage::closed, End::peer_reset), Pair(0, 0));
  EXPECT_EQ(tail(Stage::peer_ended, End::orderly), Pair(1, 1));  // FIN, and its ACK
  EXPECT_EQ(tail(Stage::half_closed, End::orderly), Pair(1, 1));
  EXPECT_EQ(tail(Stage::ending, End::orderly), Pair(1, 2));
  EXPECT_EQ(tail(Stage::last_ack, End::orderly), Pair(0, 1));
  EXPECT_EQ(tail(Stage::open, End::orderly), Pair(2, 2));
  EXPECT_EQ(tail(Stage::open, End::reset), Pair(3, 2));
}

// On a line with losses what was repeated reaches a peer that has closed already, and is answered.
TEST(WireMeterTest, APeerThatHasResetAnswersWhatWasRepeated) {
  const WireMeter meter = connected_meter();
  WireSample sample = sample_of(Stage::closed);
  sample.repeated_segments = 1;
  const WireBill now = bill_of(meter, sample);
  const WireBill final = meter.final_bill(sample, End::peer_reset, kStart + 1ms);
  EXPECT_EQ(final.up.total(), now.up.total());
  EXPECT_EQ(final.down.total(), now.down.total() + 2 * 40) << "without options";
}

}  // namespace
}  // namespace holdfast::ledger
