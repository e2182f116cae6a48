// Proves in virtual time that the link emulator does what it is told, and no more.

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/link/capacity.hpp"
#include "support/link/capture.hpp"
#include "support/link/lane.hpp"
#include "support/link/nat.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test::link {
namespace {

using namespace std::chrono_literals;

const Instant kStart = Instant() + 1h;

Packet packet_of(std::size_t bytes, std::uint8_t mark = 0) {
  return Packet(bytes, mark);
}

std::vector<std::uint8_t> marks_of(const std::vector<Packet>& packets) {
  std::vector<std::uint8_t> marks;
  for (const Packet& packet : packets) marks.push_back(packet.front());
  return marks;
}

Lane lane_with(const Conditions& conditions, std::uint64_t seed = 1) {
  Lane lane(seed);
  lane.set(conditions, kStart);
  return lane;
}

TEST(LaneTest, PassesPacketsOnAtOnceUnlessToldOtherwise) {
  Lane lane(1);
  lane.put(packet_of(100, 1), kStart);
  lane.put(packet_of(100, 2), kStart);
  EXPECT_EQ(lane.next(), kStart);
  EXPECT_EQ(marks_of(lane.take(kStart)), (std::vector<std::uint8_t>{1, 2}));
  EXPECT_FALSE(lane.next());
}

TEST(LaneTest, Delays) {
  Lane lane = lane_with({.delay = 2s});
  lane.put(packet_of(100), kStart);
  EXPECT_TRUE(lane.take(kStart + 1999ms).empty());
  EXPECT_EQ(lane.next(), kStart + 2s);
  EXPECT_EQ(lane.take(kStart + 2s).size(), 1u);
}

TEST(LaneTest, LosesTheShareThatItIsToldAndTheSameForTheSameSeed) {
  const auto survivors = [](std::uint64_t seed) {
    Lane lane = lane_with({.loss = 0.2}, seed);
    for (int i = 0; i < 10'000; ++i) lane.put(packet_of(1, static_cast<std::uint8_t>(i)), kStart);
    return marks_of(lane.take(kStart));
  };
  EXPECT_NEAR(static_cast<double>(survivors(7).size()), 8'000, 150);
  EXPECT_EQ(survivors(7), survivors(7));
  EXPECT_NE(survivors(7), survivors(8));
}

TEST(LaneTest, Duplicates) {
  Lane lane = lane_with({.duplicate = 1});
  lane.put(packet_of(10, 5), kStart);
  EXPECT_EQ(marks_of(lane.take(kStart)), (std::vector<std::uint8_t>{5, 5}));
}

TEST(LaneTest, LetsALaterPacketOvertakeOneThatIsHeld) {
  Lane lane = lane_with({.reorder = 1, .reorder_by = 50ms});
  lane.put(packet_of(10, 1), kStart);
  lane.set({}, kStart);
  lane.put(packet_of(10, 2), kStart + 10ms);
  EXPECT_EQ(marks_of(lane.take(kStart + 50ms)), (std::vector<std::uint8_t>{2, 1}));
}

TEST(LaneTest, CarriesNoMoreThanItsRate) {
  Lane lane = lane_with({.capacity = Capacity::of_rate(2'000)});
  for (int i = 0; i < 3; ++i) lane.put(packet_of(250), kStart);  // a second each
  EXPECT_TRUE(lane.take(kStart + 999ms).empty());
  EXPECT_EQ(lane.take(kStart + 1s).size(), 1u);
  EXPECT_EQ(lane.next(), kStart + 2s);
  EXPECT_EQ(lane.take(kStart + 3s).size(), 2u);
}

TEST(LaneTest, DropsWhatFindsNoRoomInItsQueue) {
  Lane lane = lane_with({.capacity = Capacity::of_rate(8'000), .queue_bytes = 1'000});
  for (int i = 0; i < 5; ++i) lane.put(packet_of(500), kStart);
  EXPECT_EQ(lane.lost(), 3u);
  EXPECT_EQ(lane.take(kStart + 1h).size(), 2u);
  lane.put(packet_of(500), kStart + 1h);
  EXPECT_EQ(lane.lost(), 3u);
}

TEST(LaneTest, ANewRateHoldsFromTheMomentOnInTheMiddleOfAPacket) {
  Lane lane = lane_with({.capacity = Capacity::of_rate(8'000)});
  lane.put(packet_of(1'000), kStart);                             // a second
  lane.set({.capacity = Capacity::of_rate(80)}, kStart + 900ms);  // 100 bytes are left: 10 s
  EXPECT_TRUE(lane.take(kStart + 10s).empty());
  EXPECT_EQ(lane.take(kStart + 11s).size(), 1u);
}

TEST(LaneTest, ABlackHoleSwallowsWhatIsUnderWayAndWhatComes) {
  Lane lane = lane_with({.delay = 1s});
  lane.put(packet_of(10), kStart);
  lane.set({.black_hole = true}, kStart + 500ms);
  lane.put(packet_of(10), kStart + 600ms);
  EXPECT_FALSE(lane.next());
  lane.set({}, kStart + 10s);
  EXPECT_TRUE(lane.take(kStart + 1h).empty());
  EXPECT_EQ(lane.lost(), 2u);
  lane.put(packet_of(10), kStart + 2h);
  EXPECT_EQ(lane.take(kStart + 2h).size(), 1u);
}

TEST(CapacityTest, FollowsARecordingAndBeginsItAgain) {
  const Capacity capacity = Capacity::recorded({100, 0, 300}, kStart);
  EXPECT_EQ(capacity.finish(kStart, 50), kStart + 50ms);
  EXPECT_EQ(capacity.finish(kStart, 100), kStart + 100ms);
  EXPECT_EQ(capacity.finish(kStart, 250), kStart + 250ms);  // after the outage
  EXPECT_EQ(capacity.finish(kStart, 450), kStart + 350ms);  // from the beginning again
  EXPECT_DOUBLE_EQ(capacity.between(kStart + 50ms, kStart + 250ms), 200);
}

TEST(CapacityTest, RefusesARecordingThatCarriesNothing) {
  EXPECT_THROW(Capacity::recorded({0, 0}, kStart), std::runtime_error);
}

TEST(DriveTest, ReadsARecordingAndNamesTheLineThatIsWrong) {
  const TempDir dir;
  const auto good = dir.write("good.csv", "ms,up_bytes,down_bytes\n0,1500,0\n100,0,3000\n");
  const Drive drive = Drive::read(good);
  EXPECT_EQ(drive.up_bytes, (std::vector<std::uint32_t>{1500, 0}));
  EXPECT_EQ(drive.down_bytes, (std::vector<std::uint32_t>{0, 3000}));
  const auto bad = dir.write("bad.csv", "ms,up_bytes,down_bytes\n0,1500,0\n300,0,3000\n");
  EXPECT_THROW(Drive::read(bad), std::runtime_error);
  EXPECT_THROW(Drive::read(dir.path() / "missing.csv"), std::runtime_error);
}

// 20 bytes of IPv4, 20 of TCP, NOP NOP and SACK with two blocks, 3 of payload.
Packet tcp_packet() {
  Packet packet(63);
  packet[0] = 0x45;
  packet[9] = 6;
  packet[20] = 0x12;  // from port 0x1234
  packet[21] = 0x34;
  packet[23] = 80;
  packet[27] = 9;     // sequence
  packet[32] = 0xA0;  // 40 bytes of header
  packet[33] = 0x11;  // FIN, ACK
  packet[40] = packet[41] = 1;
  packet[42] = 5;
  packet[43] = 18;
  return packet;
}

TEST(CaptureTest, ReadsWhatASegmentSays) {
  const auto segment = read_segment(tcp_packet(), Direction::up);
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->near_port, 0x1234);
  EXPECT_EQ(segment->far_port, 80);
  EXPECT_EQ(segment->header_bytes, 60u);
  EXPECT_EQ(segment->payload_bytes, 3u);
  EXPECT_EQ(segment->sack_blocks, 2u);
  EXPECT_EQ(segment->sequence, 9u);
  EXPECT_TRUE(segment->fin && segment->ack);
  EXPECT_FALSE(segment->syn || segment->rst);
}

TEST(CaptureTest, TakesWhatIsNoTcpForNoSegment) {
  Packet packet = tcp_packet();
  packet[9] = 17;
  EXPECT_FALSE(read_segment(packet, Direction::up));
  for (std::size_t bytes = 0; bytes < 60; ++bytes) {
    packet = tcp_packet();
    packet.resize(bytes);
    EXPECT_FALSE(read_segment(packet, Direction::up)) << bytes;
  }
}

TEST(CaptureTest, AddsUpByPortOfTheFarSide) {
  Capture capture;
  capture.note(tcp_packet(), Direction::up);
  Packet udp = tcp_packet();
  udp[9] = 17;
  capture.note(udp, Direction::down);
  EXPECT_EQ(capture.all().ip_bytes(), 126u);
  EXPECT_EQ(capture.all().packets_down, 1u);
  EXPECT_EQ(capture.of_port(80).ip_bytes_up, 63u);
  EXPECT_EQ(capture.of_port(80).ip_bytes_down, 0u);
  EXPECT_EQ(capture.of_port(81).ip_bytes(), 0u);
}

// --- A NAT that forgets
// ----------------------------------------------------------------------------------------

Segment segment_of(Direction direction, std::uint16_t near_port = 1'000) {
  Segment segment;
  segment.direction = direction;
  segment.near_port = near_port;
  segment.far_port = 8'883;
  segment.ack = true;
  return segment;
}

Segment syn_of(std::uint16_t near_port = 1'000) {
  Segment segment = segment_of(Direction::up, near_port);
  segment.syn = true;
  segment.ack = false;
  return segment;
}

TEST(NatTest, CarriesAConnectionThatIsUsedAndForgetsItAfterASilenceBothWays) {
  Nat nat(10s);
  ASSERT_TRUE(nat.passes(syn_of(), kStart));
  EXPECT_TRUE(nat.passes(segment_of(Direction::down), kStart + 10s));
  EXPECT_TRUE(nat.passes(segment_of(Direction::up), kStart + 20s)) << "either way is a use";
  EXPECT_FALSE(nat.passes(segment_of(Direction::up), kStart + 31s));
  EXPECT_FALSE(nat.passes(segment_of(Direction::down), kStart + 31s));
  EXPECT_FALSE(nat.passes(segment_of(Direction::up), kStart + 32s)) << "what vanishes is no use";
}

TEST(NatTest, KnowsNoConnectionThatWasBegunElsewhere) {
  Nat nat(10s);
  EXPECT_FALSE(nat.passes(segment_of(Direction::up), kStart));
  Segment from_outside = syn_of();
  from_outside.direction = Direction::down;
  EXPECT_FALSE(nat.passes(from_outside, kStart));
  Segment answer = segment_of(Direction::up);
  answer.syn = true;
  EXPECT_FALSE(nat.passes(answer, kStart));
}

TEST(NatTest, TellsConnectionsApartAndBeginsAnew) {
  Nat nat(10s);
  ASSERT_TRUE(nat.passes(syn_of(1'000), kStart));
  EXPECT_FALSE(nat.passes(segment_of(Direction::up, 1'001), kStart));
  ASSERT_TRUE(nat.passes(syn_of(1'001), kStart + 9s));
  EXPECT_FALSE(nat.passes(segment_of(Direction::up, 1'000), kStart + 11s));
  EXPECT_TRUE(nat.passes(segment_of(Direction::up, 1'001), kStart + 11s));
  EXPECT_TRUE(nat.passes(syn_of(1'000), kStart + 11s));
  EXPECT_TRUE(nat.passes(segment_of(Direction::down, 1'000), kStart + 12s));
}

}  // namespace
}  // namespace holdfast::test::link
