// Packets on their way: pings, gathering, back-pressure, and the end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipe.hpp"
#include "support/resources.hpp"

namespace holdfast::relay {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RelayTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(pipe.open()); }

  Pipe pipe;
};

using RelayPing = RelayTest;
using RelayOurs = RelayTest;
using RelayGather = RelayTest;
using RelayBackPressure = RelayTest;
using RelayEnd = RelayTest;

TEST_F(RelayTest, PassesPacketsOnInBothDirections) {
  const std::string up = publish_packet(100, 'u');
  const std::string down = publish_packet(100, 'd');
  pipe.write(up);
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire() == up; }));
  EXPECT_THAT(pipe.passed, ElementsAre(PacketType::publish));
  pipe.relay->from_wire(as_bytes(down));
  EXPECT_EQ(pipe.read_bytes(down.size()), down);
  EXPECT_THAT(pipe.arrived, ElementsAre(PacketType::publish));
}

TEST_F(RelayTest, PassesOnWhatTheBrokerSendsInAnyPieces) {
  const std::string down = publish_packet(50) + "\x90\x03\x00\x01\x00"s + publish_packet(200);
  for (const char& one : down) pipe.relay->from_wire(std::as_bytes(std::span(&one, 1)));
  EXPECT_EQ(pipe.read_bytes(down.size()), down);
  EXPECT_EQ(pipe.arrived.size(), 3U);
}

TEST_F(RelayTest, BreaksWhereTheBrokerDoesNotSpeakMqtt) {
  pipe.relay->from_wire(as_bytes("\x00\x00 what is this"s));
  ASSERT_EQ(pipe.broken.size(), 1U);
  EXPECT_EQ(pipe.broken.front().error, Errc::protocol_error);
  EXPECT_NE(pipe.broken.front().detail.find("host and port"), std::string::npos);
  pipe.settle();
  EXPECT_EQ(pipe.hung_up, 0);
}

TEST_F(RelayTest, BreaksWhereTheBrokerSendsMoreThanWasAgreed) {
  pipe.relay->from_wire(as_bytes("\x30\xFF\xFF\xFF\x7F"s));
  ASSERT_EQ(pipe.broken.size(), 1U);
  EXPECT_EQ(pipe.broken.front().error, Errc::protocol_error);
}

TEST_F(RelayTest, BreaksAtAPacketThatOnlyAClientSends) {
  pipe.relay->from_wire(as_bytes("\x82\x02\x00\x01"s));  // SUBSCRIBE
  ASSERT_EQ(pipe.broken.size(), 1U);
  EXPECT_EQ(pipe.broken.front().error, Errc::protocol_error);
  EXPECT_THAT(pipe.arrived, IsEmpty());
}

TEST_F(RelayTest, BreaksWherePahoDoesNotSpeakMqtt) {
  pipe.write("\x00\x00"s);
  ASSERT_TRUE(pipe.run_until([&] { return !pipe.broken.empty(); }));
  EXPECT_THAT(pipe.to_wire, IsEmpty());
}

// --- Pings ---------------------------------------------------------------------------------------

TEST_F(RelayPing, OfPahoIsAnsweredHereAndNotPassedOn) {
  pipe.write(kPingreq + kPingreq);
  EXPECT_EQ(pipe.read_bytes(4), kPingresp + kPingresp);
  pipe.settle();
  EXPECT_THAT(pipe.to_wire, IsEmpty());
  EXPECT_THAT(pipe.passed, IsEmpty());
}

TEST_F(RelayPing, OfPahoBetweenTwoPacketsDisturbsNeither) {
  const std::string first = publish_packet(30, '1');
  const std::string second = publish_packet(30, '2');
  pipe.write(first + kPingreq + second);
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire() == first + second; }));
}

TEST_F(RelayPing, OfPahoIsNotAnsweredInTheMiddleOfAPacket) {
  const std::string down = publish_packet(60);
  pipe.relay->from_wire(as_bytes(down.substr(0, 20)));
  pipe.write(kPingreq);
  EXPECT_EQ(pipe.read_what_is_there(), down.substr(0, 20));
  pipe.relay->from_wire(as_bytes(down.substr(20)));
  EXPECT_EQ(pipe.read_bytes(42), down.substr(20) + kPingresp);
}

TEST_F(RelayPing, OfTheSessionGoesOutAtOnceBetweenPackets) {
  pipe.send_ours(kPingreq);
  EXPECT_EQ(pipe.wire(), kPingreq);
}

TEST_F(RelayPing, OfTheSessionWaitsForTheEndOfAPacket) {
  const std::string packet = publish_packet(60);
  pipe.write(packet.substr(0, 20));
  pipe.settle();
  pipe.send_ours(kPingreq);
  pipe.settle();
  EXPECT_EQ(pipe.wire().find(kPingreq), std::string::npos);
  pipe.write(packet.substr(20));
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire() == packet + kPingreq; }));
}

TEST_F(RelayPing, OfTheSessionIsNotLostBehindAPingOfPahos) {
  pipe.write(kPingreq.substr(0, 1));
  pipe.settle();
  pipe.send_ours(kPingreq);  // the first byte of Paho's own is here: not at a boundary
  pipe.write(kPingreq.substr(1));
  EXPECT_TRUE(pipe.run_until([&] { return pipe.wire() == kPingreq; }))
      << "the session takes the line for dead when its ping never leaves";
}

TEST_F(RelayPing, IsAnsweredToTheSessionAndNotToPaho) {
  pipe.relay->from_wire(as_bytes(kPingresp));
  EXPECT_THAT(pipe.arrived, ElementsAre(PacketType::pingresp));
  EXPECT_EQ(pipe.read_what_is_there(), "");
}

// --- Packets of ours ----------------------------------------------------------------------------

TEST_F(RelayOurs, LeaveTogetherAtTheFlush) {
  const std::string first = publish_packet(40, '1');
  const std::string second = publish_packet(40, '2');
  pipe.relay->send(as_bytes(first));
  pipe.relay->send(as_bytes(second));
  EXPECT_THAT(pipe.to_wire, IsEmpty());
  EXPECT_EQ(pipe.relay->gathered_bytes(), 80U);
  pipe.relay->flush();
  EXPECT_THAT(pipe.to_wire, ElementsAre(first + second));
  EXPECT_THAT(pipe.passed, ElementsAre(PacketType::publish, PacketType::publish));
}

TEST_F(RelayOurs, ComeBetweenTwoOfPahos) {
  const std::string of_paho = subscribe_packet(60);
  const std::string ours = publish_packet(40);
  pipe.write(of_paho.substr(0, 20));
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire().size() == 20; }));
  pipe.relay->send(as_bytes(ours));
  pipe.relay->flush();
  EXPECT_EQ(pipe.wire().size(), 20U);
  EXPECT_EQ(pipe.relay->gathered_bytes(), ours.size());
  pipe.write(of_paho.substr(20) + of_paho);
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire().size() == 160; }));
  EXPECT_EQ(pipe.wire(), of_paho + ours + of_paho);
  EXPECT_THAT(pipe.passed,
              ElementsAre(PacketType::subscribe, PacketType::publish, PacketType::subscribe));
}

TEST_F(RelayOurs, WaitUntilTheWireTakesMore) {
  pipe.wire_takes = false;
  pipe.relay->send(as_bytes(publish_packet(40, '1')));
  pipe.relay->flush();
  ASSERT_EQ(pipe.wire().size(), 40U);
  pipe.relay->send(as_bytes(publish_packet(40, '2')));
  pipe.relay->flush();
  EXPECT_EQ(pipe.wire().size(), 40U);
  EXPECT_EQ(pipe.passed.size(), 1U);
  pipe.wire_takes = true;
  pipe.relay->wire_ready();
  EXPECT_EQ(pipe.wire().size(), 80U);
  EXPECT_EQ(pipe.passed.size(), 2U);
}

TEST_F(RelayOurs, AreAnsweredToUsAndNotToPaho) {
  const std::string answers = "\x40\x02\x80\x00\x50\x02\x80\x01\x70\x03\x80\x02\x92"s;
  const std::string down = publish_packet(30);
  const std::string all = answers + down + answers;
  for (const char& one : all) pipe.relay->from_wire(std::as_bytes(std::span(&one, 1)));
  EXPECT_EQ(pipe.answers, answers + answers);
  EXPECT_EQ(pipe.read_bytes(down.size()), down);
  EXPECT_EQ(pipe.read_what_is_there(), "");
}

// --- Gathering ----------------------------------------------------------------------------------

TEST_F(RelayGather, SendsALonePacketAtOnce) {
  const std::string packet = subscribe_packet(40);
  pipe.relay->expect_subscribe();
  pipe.write(packet);
  ASSERT_TRUE(pipe.run_until([&] { return !pipe.to_wire.empty(); }));
  EXPECT_THAT(pipe.to_wire, ElementsAre(packet));
}

TEST_F(RelayGather, PutsExpectedPacketsIntoOneCall) {
  const std::string first = subscribe_packet(40, '1');
  const std::string second = subscribe_packet(40, '2');
  pipe.relay->expect_subscribe();
  pipe.relay->expect_subscribe();
  pipe.write(first);
  // A second later for the relay: its own reading comes between the two.
  ASSERT_TRUE(pipe.run_until([&] { return pipe.relay->gathered_bytes() == first.size(); }));
  pipe.write(second);
  ASSERT_TRUE(pipe.run_until([&] { return !pipe.to_wire.empty(); }));
  EXPECT_EQ(pipe.wire(), first + second);
  EXPECT_EQ(pipe.to_wire.size(), 1U);
}

TEST_F(RelayGather, DoesNotWaitLongForWhatDoesNotCome) {
  const std::string packet = subscribe_packet(40);
  pipe.relay->expect_subscribe();
  pipe.relay->expect_subscribe();
  pipe.write(packet);
  ASSERT_TRUE(pipe.run_until([&] { return !pipe.to_wire.empty(); }));
  EXPECT_EQ(pipe.wire(), packet);
}

TEST_F(RelayGather, GathersAgainAfterARecordThatWasCompletedInTime) {
  for (int round = 0; round < 3; ++round) {
    pipe.to_wire.clear();
    pipe.relay->expect_subscribe();
    pipe.relay->expect_subscribe();
    pipe.write(subscribe_packet(40));
    ASSERT_TRUE(pipe.run_until([&] { return pipe.relay->gathered_bytes() > 0; }));
    pipe.write(subscribe_packet(40));
    ASSERT_TRUE(pipe.run_until([&] { return !pipe.to_wire.empty(); }));
    EXPECT_EQ(pipe.to_wire.size(), 1U);
    EXPECT_EQ(pipe.wire().size(), 80U);
  }
}

TEST_F(RelayGather, SendsAFullRecordWhateverIsExpected) {
  for (int i = 0; i < 100; ++i) pipe.relay->expect_subscribe();
  const std::string packet = subscribe_packet(limits::kMaxRecordBytes + 100);
  pipe.write(packet);
  EXPECT_TRUE(pipe.run_until([&] { return pipe.wire() == packet; }));
}

// Who asks for an answer has subscribed before; Paho's thread may be slower than ours.
TEST_F(RelayGather, PutsOursBehindTheSubscribeThatCameFirst) {
  const std::string subscribe = subscribe_packet(40);
  const std::string publish = publish_packet(40);
  pipe.relay->expect_subscribe();
  pipe.relay->send(as_bytes(publish));
  pipe.relay->flush();
  pipe.settle();
  EXPECT_EQ(pipe.wire(), "");
  EXPECT_EQ(pipe.relay->gathered_bytes(), publish.size()) << "it counts for the window";
  pipe.write(subscribe);
  ASSERT_TRUE(pipe.run_until([&] { return !pipe.to_wire.empty(); }));
  EXPECT_THAT(pipe.to_wire, ElementsAre(subscribe + publish)) << "in one record";
  pipe.to_wire.clear();
  pipe.relay->send(as_bytes(publish));
  pipe.relay->flush();
  EXPECT_EQ(pipe.wire(), publish) << "and those after it go at once";
}

TEST_F(RelayGather, DoesNotKeepOursForASubscribeThatDoesNotCome) {
  const std::string publish = publish_packet(40);
  pipe.relay->expect_subscribe();
  pipe.relay->send(as_bytes(publish));
  pipe.relay->flush();
  EXPECT_TRUE(pipe.run_until([&] { return pipe.wire() == publish; }));
}

TEST_F(RelayGather, DoesNotKeepAnAcknowledgementWaiting) {
  pipe.write("\x40\x02\x00\x07"s);
  ASSERT_TRUE(pipe.run_until([&] { return !pipe.to_wire.empty(); }));
  EXPECT_THAT(pipe.passed, ElementsAre(PacketType::puback));
}

// --- Back-pressure ------------------------------------------------------------------------------

TEST_F(RelayBackPressure, StopsReadingFromPahoWhileTheWireTakesNoMore) {
  pipe.wire_takes = false;
  const std::string first = publish_packet(40, '1');
  pipe.write(first);
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire() == first; }));
  pipe.write(publish_packet(40, '2'));
  pipe.settle();
  EXPECT_EQ(pipe.wire(), first);
  EXPECT_EQ(pipe.relay->gathered_bytes(), 0U);

  pipe.wire_takes = true;
  pipe.relay->wire_ready();
  EXPECT_TRUE(pipe.run_until([&] { return pipe.wire().size() == 80; }));
}

TEST_F(RelayBackPressure, KeepsAPingOfTheSessionUntilTheWireTakesMore) {
  pipe.wire_takes = false;
  pipe.write(publish_packet(40));
  ASSERT_TRUE(pipe.run_until([&] { return pipe.wire().size() == 40; }));
  pipe.send_ours(kPingreq);
  EXPECT_EQ(pipe.wire().size(), 40U);
  pipe.wire_takes = true;
  pipe.relay->wire_ready();
  EXPECT_TRUE(pipe.wire().ends_with(kPingreq));
}

TEST_F(RelayBackPressure, AsksTheWireToWaitWhilePahoIsBehind) {
  const std::string packet = publish_packet(8 * 1024);
  std::string sent;
  while (pipe.full.empty() && sent.size() < 64U << 20U) {
    pipe.relay->from_wire(as_bytes(packet));
    sent += packet;
  }
  ASSERT_THAT(pipe.full, ElementsAre(true));
  EXPECT_EQ(pipe.read_bytes(sent.size()), sent);
  EXPECT_THAT(pipe.full, ElementsAre(true, false));
}

TEST_F(RelayBackPressure, DoesNotKeepWhatPahoHasTaken) {
  const std::string packet = publish_packet(8 * 1024);
  const auto fill = [&] {
    for (int i = 0; i < 10'000 && (pipe.full.empty() || !pipe.full.back()); ++i) {
      pipe.relay->from_wire(as_bytes(packet));
    }
    return !pipe.full.empty() && pipe.full.back();
  };
  ASSERT_TRUE(fill());
  const std::size_t before = test::heap_in_use_bytes();
  // Paho takes some and never all, as under a flood of messages.
  for (int round = 0; round < 200; ++round) {
    while (pipe.full.back()) ASSERT_FALSE(pipe.read_bytes(1).empty());
    ASSERT_TRUE(fill());
  }
  EXPECT_LT(test::heap_in_use_bytes(), before + (1U << 20U));
}

// --- The end ------------------------------------------------------------------------------------

TEST_F(RelayEnd, OfPahoIsPassedOnAfterAllItsBytes) {
  const std::string packet = subscribe_packet(40);
  const std::string goodbye = "\xE0\x00"s;
  pipe.relay->expect_subscribe();
  pipe.relay->expect_subscribe();  // keeps the record open
  pipe.write(packet + goodbye);
  pipe.paho.shutdown(Tcp::socket::shutdown_send);
  ASSERT_TRUE(pipe.run_until([&] { return pipe.hung_up == 1; }));
  EXPECT_EQ(pipe.wire(), packet + goodbye);
  EXPECT_TRUE(pipe.story.ends_with("hung_up ")) << pipe.story;
  EXPECT_THAT(pipe.passed, ElementsAre(PacketType::subscribe, PacketType::disconnect));
}

TEST_F(RelayEnd, OfTheBrokerReachesPahoAfterAllItsBytes) {
  std::string sent;
  while (pipe.full.empty() && sent.size() < 64U << 20U) {
    const std::string packet = publish_packet(8 * 1024);
    pipe.relay->from_wire(as_bytes(packet));
    sent += packet;
  }
  const std::string goodbye = "\xE0\x01\x8B"s;
  pipe.relay->from_wire(as_bytes(goodbye));
  pipe.relay->wire_ended();
  EXPECT_EQ(pipe.read_to_end(), sent + goodbye);
}

TEST_F(RelayEnd, OfTheBrokerIsPassedOnAtOnceWhereNothingWaits) {
  pipe.relay->wire_ended();
  EXPECT_EQ(pipe.read_to_end(), "");
}

TEST_F(RelayEnd, OfTheBrokerLeavesPahoItsLastWord) {
  pipe.relay->wire_ended();
  pipe.read_to_end();
  const std::string packet = publish_packet(40);
  pipe.write(packet);
  pipe.paho.shutdown(Tcp::socket::shutdown_send);
  EXPECT_TRUE(pipe.run_until([&] { return pipe.hung_up == 1; }));
}

}  // namespace
}  // namespace holdfast::relay
