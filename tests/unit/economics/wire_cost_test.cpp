// The figures are those of the packets that real connections were seen to send.

#include "economics/wire_cost.hpp"

#include <gtest/gtest.h>

namespace holdfast::economics {
namespace {

TEST(WireCost, AMessageTakesTheBytesOfItsSegments) {
  const Path path;
  EXPECT_EQ(least_message(path, 1, 44, false).bytes(), 175);
  const Cost acknowledged = least_message(path, 1, 44, true);
  EXPECT_EQ(acknowledged.bytes(), 255);
  EXPECT_EQ(acknowledged.bytes_up, 52 + 22 + 7 + 44 + 52);
  EXPECT_EQ(acknowledged.bytes_down, 52 + 22 + 4);
  EXPECT_EQ(acknowledged.packets_up, 2);
  EXPECT_EQ(acknowledged.packets_down, 1);
}

TEST(WireCost, ATopicCostsItsBytesAndTimestampsTwelveASegment) {
  const Path path;
  EXPECT_EQ(least_message(path, 17, 44, true).bytes(), 271);
  EXPECT_EQ(least_message({.timestamps = false}, 17, 44, true).bytes(), 271 - 3 * 12);
  EXPECT_EQ(least_message({.ipv6 = true}, 17, 44, true).bytes(), 271 + 3 * 20);
  EXPECT_EQ(least_message({.record_bytes = 14}, 17, 44, true).bytes(), 271 - 2 * 8);
  EXPECT_EQ(least_message({.record_bytes = 0}, 17, 44, true).bytes(), 271 - 2 * 22);
}

TEST(WireCost, APublishGrowsByItsLengthField) {
  EXPECT_EQ(publish_bytes(1, 0, false), 5U);
  EXPECT_EQ(publish_bytes(1, 124, false), 129U);            // 127 remain: the longest of one byte
  EXPECT_EQ(publish_bytes(1, 125, false), 131U);            // 128: two
  EXPECT_EQ(publish_bytes(1, 16'383 - 3, false), 16'386U);  // the longest of two
  EXPECT_EQ(publish_bytes(1, 16'384 - 3, false), 16'388U);
  EXPECT_EQ(publish_bytes(1, 0, true), 7U);
}

TEST(WireCost, WhatDoesNotFitASegmentTakesMoreOfThem) {
  const Path path;
  ASSERT_EQ(path.segment_payload_bytes(), 1'448U);
  const Cost one = exchange(path, 1'448, 0);
  EXPECT_EQ(one.packets_up, 1);
  EXPECT_EQ(one.packets_down, 1);
  const Cost three = exchange(path, 2 * 1'448 + 1, 0);
  EXPECT_EQ(three.packets_up, 3);
  EXPECT_EQ(three.packets_down, 2);  // of the second and of the last
  EXPECT_EQ(three.bytes(), 2 * 1'448 + 1 + 5 * 52);
  // The answer is the last acknowledgement, and is acknowledged.
  const Cost answered = exchange(path, 2 * 1'448 + 1, 26);
  EXPECT_EQ(answered.packets_down, 2);
  EXPECT_EQ(answered.packets_up, 4);
}

TEST(WireCost, ALongMessageTakesARecordMoreForEach16Kibibytes) {
  const Path path;
  const Cost cost = least_message(path, 1, 16'385, false);
  const double segments = 12;
  EXPECT_EQ(cost.packets_up, segments);
  EXPECT_EQ(cost.bytes_up, 16'385 + 7 + 2 * 22 + segments * 52);
}

TEST(WireCost, APingCosts204) {
  EXPECT_EQ(ping({}).bytes(), 204);
  EXPECT_EQ(ping({.record_bytes = 0}).bytes(), 160);
}

TEST(WireCost, ConnectionsBeginWithThreeSegments) {
  EXPECT_EQ(tcp_opening({}).bytes(), 60 + 60 + 52);
  EXPECT_EQ(tcp_opening({.timestamps = false}).bytes(), 52 + 52 + 40);
}

}  // namespace
}  // namespace holdfast::economics
