// The exchanges of QoS 1 and 2, over connections that end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "mqtt/publisher.hpp"

namespace holdfast::mqtt_engine {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr Instant kStart{};

class PublisherTest : public testing::Test {
 protected:
  // What of a PUBLISH with topic "t" the tests look at.
  struct Sent {
    PacketId packet_id;
    bool dup;
  };

  Sent publish(MessageId id, Qos qos = Qos::at_least_once, Instant now = kStart) {
    const auto packet = publisher.publish({.id = id, .topic = "t", .payload = {}, .qos = qos}, now);
    const auto at = [&packet](std::size_t i) { return std::to_integer<unsigned>(packet.at(i)); };
    return {static_cast<PacketId>((at(5) << 8) | at(6)), (at(0) & 0x08U) != 0};
  }
  Publisher::Reply answer(Answer answer, PacketId packet_id, int code = 0) {
    return publisher.answered({answer, packet_id, code});
  }

  Publisher publisher{MqttVersion::v3_1_1, 0};
};

TEST_F(PublisherTest, QosZeroIsOverWhenItIsSent) {
  publisher.publish({.id = 1, .topic = "t", .payload = {}, .qos = Qos::at_most_once}, kStart);
  EXPECT_EQ(publisher.in_flight(), 0U);
  EXPECT_FALSE(publisher.oldest_unanswered());
}

TEST_F(PublisherTest, QosOneIsSettledByPuback) {
  const auto first = publish(1);
  const auto second = publish(2);
  EXPECT_NE(first.packet_id, second.packet_id);
  EXPECT_FALSE(first.dup);
  const auto reply = answer(Answer::puback, second.packet_id, 0x10);
  ASSERT_TRUE(reply.settled);
  EXPECT_EQ(reply.settled->id, 2U);
  EXPECT_EQ(reply.settled->code, 0x10);
  EXPECT_THAT(reply.packet, IsEmpty());
  EXPECT_EQ(publisher.in_flight(), 1U);
}

TEST_F(PublisherTest, QosTwoIsSettledByPubcomp) {
  const auto sent = publish(1, Qos::exactly_once);
  const auto received = answer(Answer::pubrec, sent.packet_id);
  EXPECT_FALSE(received.settled);
  EXPECT_EQ(received.packet, encode_pubrel(sent.packet_id));
  EXPECT_EQ(publisher.in_flight(), 1U);
  const auto complete = answer(Answer::pubcomp, sent.packet_id);
  ASSERT_TRUE(complete.settled);
  EXPECT_EQ(complete.settled->id, 1U);
  EXPECT_EQ(publisher.in_flight(), 0U);
}

TEST_F(PublisherTest, QosTwoIsOverWhenPubrecRefusesIt) {
  const auto sent = publish(1, Qos::exactly_once);
  const auto reply = answer(Answer::pubrec, sent.packet_id, 0x87);
  ASSERT_TRUE(reply.settled);
  EXPECT_EQ(reply.settled->code, 0x87);
  EXPECT_THAT(reply.packet, IsEmpty());
}

TEST_F(PublisherTest, AnswersThatFitNothingChangeNothing) {
  const auto once = publish(1);
  const auto twice = publish(2, Qos::exactly_once);
  for (const auto& [type, packet_id] :
       {std::pair(Answer::puback, PacketId{1}), std::pair(Answer::puback, twice.packet_id),
        std::pair(Answer::pubrec, once.packet_id), std::pair(Answer::pubcomp, once.packet_id),
        std::pair(Answer::pubcomp, twice.packet_id), std::pair(Answer::pubrec, PacketId{0xFFFF})}) {
    const auto reply = answer(type, packet_id);
    EXPECT_FALSE(reply.settled);
    EXPECT_THAT(reply.packet, IsEmpty());
  }
  answer(Answer::pubrec, twice.packet_id);
  EXPECT_THAT(answer(Answer::pubrec, twice.packet_id).packet, IsEmpty());  // a second one
  EXPECT_EQ(publisher.in_flight(), 2U);
}

TEST_F(PublisherTest, TellsHowLongTheOldestWaits) {
  const auto first = publish(7, Qos::at_least_once, kStart + 1s);
  publish(3, Qos::at_least_once, kStart + 2s);
  EXPECT_EQ(publisher.oldest_unanswered(), kStart + 1s);
  answer(Answer::puback, first.packet_id);
  EXPECT_EQ(publisher.oldest_unanswered(), kStart + 2s);
}

TEST_F(PublisherTest, ResendsWithDupAndTheSameIdentifierInTheSameSession) {
  const auto sent = publish(1);
  publisher.interrupted();
  EXPECT_EQ(publisher.in_flight(), 0U);
  EXPECT_THAT(publisher.resume(true), IsEmpty());
  const auto other = publish(2);
  const auto again = publish(1);
  EXPECT_NE(other.packet_id, sent.packet_id);
  EXPECT_FALSE(other.dup);
  EXPECT_EQ(again.packet_id, sent.packet_id);
  EXPECT_TRUE(again.dup);
  ASSERT_TRUE(answer(Answer::puback, again.packet_id).settled);
  EXPECT_FALSE(publish(1).dup);  // it was settled: this is another message with its number
}

TEST_F(PublisherTest, SendsAsNewInANewSession) {
  publish(1);
  publisher.interrupted();
  EXPECT_THAT(publisher.resume(false), IsEmpty());
  EXPECT_FALSE(publish(1).dup);
}

TEST_F(PublisherTest, ReleasesTheQosTwoMessagesThatWereGivenUp) {
  const auto sent = publish(1, Qos::exactly_once);
  publisher.interrupted();
  const auto packets = publisher.resume(true);
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0], encode_pubrel(sent.packet_id));
  // Not answered yet, and the connection ends again: it is released again.
  publisher.interrupted();
  EXPECT_EQ(publisher.resume(true).size(), 1U);
  EXPECT_FALSE(answer(Answer::pubcomp, sent.packet_id, 0x92).settled);
  publisher.interrupted();
  EXPECT_THAT(publisher.resume(true), IsEmpty());
}

TEST_F(PublisherTest, ForgetsAMessageThatLeftTheOutbox) {
  publish(1);
  publisher.interrupted();
  publisher.forget(1);
  publisher.resume(true);
  EXPECT_FALSE(publish(1).dup);
  publisher.forget(99);
}

TEST_F(PublisherTest, NeverUsesAnIdentifierTwiceAtOnceNorOneOfPahos) {
  const auto held = publish(1);
  std::set<PacketId> seen{held.packet_id};
  constexpr MessageId kIdentifiers = kLastPacketId - kFirstPacketId + 1;
  for (MessageId id = 2; id <= kIdentifiers; ++id) {
    const auto sent = publish(id);
    EXPECT_GE(sent.packet_id, kFirstPacketId);
    EXPECT_TRUE(seen.insert(sent.packet_id).second);
    answer(Answer::puback, sent.packet_id);
  }
  const auto next = publish(kIdentifiers + 1);  // all were used, one still is
  EXPECT_NE(next.packet_id, held.packet_id);
}

TEST_F(PublisherTest, BeginsWhereItIsTold) {
  publisher = Publisher(MqttVersion::v3_1_1, 0x7FFF);
  EXPECT_EQ(publish(1).packet_id, kLastPacketId);
  EXPECT_EQ(publish(2).packet_id, kFirstPacketId);
  publisher = Publisher(MqttVersion::v3_1_1, 0xFFFF'FFFF);
  EXPECT_EQ(publish(1).packet_id, kLastPacketId);
}

// A link that ends again and again before anything is answered, with other messages each time.
TEST_F(PublisherTest, RemembersNoEndOfMessages) {
  MessageId id = 0;
  for (int connection = 0; connection < 2'000; ++connection) {
    publisher.resume(true);
    for (int i = 0; i < 90; ++i) publish(++id, i % 2 == 0 ? Qos::at_least_once : Qos::exactly_once);
    publisher.interrupted();
  }
  EXPECT_LE(publisher.resume(true).size(), 1'024U);
}

}  // namespace
}  // namespace holdfast::mqtt_engine
