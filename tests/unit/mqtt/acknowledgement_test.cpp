#include <gtest/gtest.h>

#include <string>

#include "mqtt/acknowledgement.hpp"

namespace holdfast::mqtt_engine {
namespace {

using namespace std::string_literals;

std::optional<Acknowledgement> read(AcknowledgementReader& reader, const std::string& packet) {
  return reader.take(as_payload(packet), true);
}

TEST(AcknowledgementReader, ReadsEachTypeWithAndWithoutAReason) {
  AcknowledgementReader reader;
  struct Case {
    std::string packet;
    Answer answer;
    int packet_id;
    int code;
  };
  for (const auto& [packet, answer, packet_id, code] :
       {Case{"\x40\x02\x80\x01"s, Answer::puback, 0x8001, 0},
        Case{"\x40\x03\x80\x01\x10"s, Answer::puback, 0x8001, 0x10},
        Case{"\x40\x04\x80\x01\x87\x00"s, Answer::puback, 0x8001, 0x87},
        Case{"\x50\x03\xFF\xFF\x97"s, Answer::pubrec, 0xFFFF, 0x97},
        Case{"\x70\x02\x00\x01"s, Answer::pubcomp, 1, 0}}) {
    const auto read_back = read(reader, packet);
    ASSERT_TRUE(read_back);
    EXPECT_EQ(read_back->answer, answer);
    EXPECT_EQ(read_back->packet_id, packet_id);
    EXPECT_EQ(read_back->code, code);
    EXPECT_FALSE(reader.malformed());
  }
}

TEST(AcknowledgementReader, PutsPiecesTogether) {
  AcknowledgementReader reader;
  const std::string packet = "\x40\x0B\x80\x02\x99\x07\x1F\x00\x04nope"s;
  for (std::size_t i = 0; i + 1 < packet.size(); ++i) {
    EXPECT_FALSE(reader.take(as_payload(packet.substr(i, 1)), false));
  }
  const auto answer = reader.take(as_payload(packet.substr(packet.size() - 1)), true);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->packet_id, 0x8002);
  EXPECT_EQ(answer->code, 0x99);
}

TEST(AcknowledgementReader, SkipsWhatIsLongerThanItNeeds) {
  AcknowledgementReader reader;
  const std::string packet = "\x40\xE8\x07\x80\x03\x00\xE4\x07"s + std::string(996, 'r');
  const auto answer = read(reader, packet);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->packet_id, 0x8003);
  EXPECT_EQ(answer->code, 0);
  EXPECT_TRUE(read(reader, "\x40\x02\x80\x04"s));
}

TEST(AcknowledgementReader, TellsWhatIsNone) {
  for (const std::string& packet :
       {"\x40\x00"s, "\x40\x01\x80"s, "\x40\x02\x00\x00"s,
        "\x40\x82\x80\x80\x00\x01\x00"s.substr(0, 6), "\x62\x02\x80\x01"s}) {
    AcknowledgementReader reader;
    EXPECT_FALSE(read(reader, packet));
    EXPECT_TRUE(reader.malformed());
    EXPECT_TRUE(read(reader, "\x40\x02\x80\x01"s));  // what follows is read
    EXPECT_FALSE(reader.malformed());
  }
}

}  // namespace
}  // namespace holdfast::mqtt_engine
