#include "relay/packet_framer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::relay {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t kMax = 1'000'000;

Bytes bytes(std::initializer_list<int> values) {
  Bytes all;
  for (const int value : values) all.push_back(static_cast<std::byte>(value));
  return all;
}

// A packet of `type` with a body of `length` bytes.
Bytes packet(int type, std::size_t length, int flags = 0) {
  Bytes all{static_cast<std::byte>((type << 4) | flags)};
  std::size_t left = length;
  do {
    const auto digit = static_cast<std::byte>(left % 128);
    left /= 128;
    all.push_back(left > 0 ? digit | std::byte{0x80} : digit);
  } while (left > 0);
  for (std::size_t i = 0; i < length; ++i) all.push_back(static_cast<std::byte>(i));
  return all;
}

void append(Bytes& all, const Bytes& more) {
  all.insert(all.end(), more.begin(), more.end());
}

// What a framer says about some input, given in chunks: each packet with its type, flags and bytes.
struct Packet {
  PacketType type;
  std::uint8_t flags;
  Bytes bytes;
  friend bool operator==(const Packet&, const Packet&) = default;
};

struct Framed {
  std::vector<Packet> packets;
  std::string error;
};

void feed(PacketFramer& framer, std::span<const std::byte> chunk, Framed& framed) {
  while (!chunk.empty() && framed.error.empty()) {
    const Piece piece = framer.next(chunk);
    if (piece.kind == Piece::Kind::error) {
      framed.error = piece.error;
      return;
    }
    if (piece.kind == Piece::Kind::none) {
      EXPECT_TRUE(chunk.empty()) << "nothing to pass on, and yet input is left";
      return;
    }
    if (piece.begins) framed.packets.push_back({piece.type, piece.flags, {}});
    ASSERT_FALSE(framed.packets.empty());
    Packet& packet = framed.packets.back();
    EXPECT_EQ(piece.type, packet.type);
    EXPECT_EQ(piece.flags, packet.flags);
    packet.bytes.insert(packet.bytes.end(), piece.bytes.begin(), piece.bytes.end());
    EXPECT_EQ(piece.ends, framer.at_boundary());
  }
}

Framed frame(const Bytes& input, std::size_t max = kMax) {
  PacketFramer framer(max);
  Framed framed;
  feed(framer, input, framed);
  return framed;
}

const Bytes& sequence() {
  static const Bytes all = [] {
    Bytes input = packet(1, 20);
    append(input, packet(12, 0));
    append(input, packet(3, 127, 0x2));
    append(input, packet(3, 128, 0x5));
    append(input, packet(4, 2));
    append(input, packet(3, 300));
    append(input, packet(14, 0));
    return input;
  }();
  return all;
}

TEST(PacketFramer, TellsThePacketsOfASequenceApart) {
  const Framed framed = frame(sequence());
  ASSERT_EQ(framed.packets.size(), 7U);
  EXPECT_EQ(framed.packets[0].type, PacketType::connect);
  EXPECT_EQ(framed.packets[1].type, PacketType::pingreq);
  EXPECT_EQ(framed.packets[2].flags, 0x2);
  EXPECT_EQ(framed.packets[3].flags, 0x5);
  EXPECT_EQ(framed.packets[3].bytes.size(), 131U);
  EXPECT_EQ(framed.packets[6].type, PacketType::disconnect);
}

TEST(PacketFramer, SeesTheSamePacketsWhereverTheInputIsCut) {
  const auto whole = frame(sequence());
  const std::span<const std::byte> input(sequence());
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    PacketFramer framer(kMax);
    Framed framed;
    feed(framer, input.first(cut), framed);
    feed(framer, input.subspan(cut), framed);
    ASSERT_EQ(framed.packets, whole.packets) << "cut at " << cut;
    ASSERT_TRUE(framer.at_boundary());
  }
}

TEST(PacketFramer, SeesTheSamePacketsInChunksOfAnySize) {
  const auto whole = frame(sequence());
  for (std::size_t size = 1; size < 40; ++size) {
    PacketFramer framer(kMax);
    Framed framed;
    std::span<const std::byte> rest(sequence());
    while (!rest.empty()) {
      const auto chunk = rest.first(std::min(size, rest.size()));
      feed(framer, chunk, framed);
      rest = rest.subspan(chunk.size());
    }
    ASSERT_EQ(framed.packets, whole.packets) << "chunks of " << size;
  }
}

TEST(PacketFramer, PassesOnEveryByteAndNoOther) {
  Bytes passed;
  for (const Packet& one : frame(sequence()).packets) append(passed, one.bytes);
  EXPECT_EQ(passed, sequence());
}

TEST(PacketFramer, HoldsAHeaderBackUntilItIsComplete) {
  PacketFramer framer(kMax);
  for (const int value : {0x30, 0x80}) {
    const Bytes one = bytes({value});
    std::span<const std::byte> input(one);
    EXPECT_EQ(framer.next(input).kind, Piece::Kind::none);
    EXPECT_TRUE(input.empty());
    EXPECT_FALSE(framer.at_boundary());
  }
  const Bytes last = bytes({0x01});
  std::span<const std::byte> input(last);
  const Piece piece = framer.next(input);
  EXPECT_EQ(piece.kind, Piece::Kind::packet);
  EXPECT_TRUE(piece.begins);
  EXPECT_FALSE(piece.ends);
  EXPECT_EQ(piece.bytes.size(), 3U);
}

TEST(PacketFramer, IsAtABoundaryOnlyBetweenPackets) {
  PacketFramer framer(kMax);
  EXPECT_TRUE(framer.at_boundary());
  const Bytes input = packet(3, 5);
  for (std::size_t i = 0; i < input.size(); ++i) {
    std::span<const std::byte> one = std::span(input).subspan(i, 1);
    framer.next(one);
    EXPECT_EQ(framer.at_boundary(), i + 1 == input.size());
  }
}

TEST(PacketFramer, SaysNothingAboutEmptyInput) {
  PacketFramer framer(kMax);
  std::span<const std::byte> input;
  EXPECT_EQ(framer.next(input).kind, Piece::Kind::none);
  EXPECT_TRUE(framer.at_boundary());
}

TEST(PacketFramer, TakesALengthOfFourBytes) {
  EXPECT_EQ(frame(packet(3, 2'097'152), 3'000'000).packets.size(), 1U);
}

TEST(PacketFramer, RefusesALengthOfFiveBytes) {
  for (const int fifth : {0x01, 0x80}) {
    const Framed framed = frame(bytes({0x30, 0x80, 0x80, 0x80, 0x80, fifth}), SIZE_MAX);
    EXPECT_NE(framed.error.find("four bytes"), std::string::npos);
  }
}

TEST(PacketFramer, RefusesALengthOfFiveBytesInWhateverPartsItComes) {
  const Bytes input = bytes({0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F});
  PacketFramer framer(SIZE_MAX);
  Framed framed;
  for (const std::byte& one : input) feed(framer, std::span(&one, 1), framed);
  EXPECT_FALSE(framed.error.empty());
  EXPECT_TRUE(framed.packets.empty());
}

TEST(PacketFramer, RefusesTypeZero) {
  EXPECT_NE(frame(bytes({0x00, 0x00})).error.find("type 0"), std::string::npos);
  EXPECT_FALSE(frame(bytes({0x0F, 0x01, 0x00})).error.empty());
}

TEST(PacketFramer, TakesEveryOtherType) {
  for (int type = 1; type <= 15; ++type) {
    const Framed framed = frame(packet(type, 3));
    ASSERT_EQ(framed.packets.size(), 1U);
    EXPECT_EQ(static_cast<int>(framed.packets[0].type), type);
  }
}

TEST(PacketFramer, RefusesAPacketThatIsTooLongBeforeAnyOfItsBytes) {
  const Framed taken = frame(packet(3, 98), 100);
  EXPECT_EQ(taken.packets.size(), 1U) << "the twin: header and body have 100 bytes";
  const Framed framed = frame(packet(3, 99), 100);
  EXPECT_NE(framed.error.find("longer"), std::string::npos);
  EXPECT_TRUE(framed.packets.empty());
}

TEST(PacketFramer, RefusesTheWordsOfAnotherProtocol) {
  // A web server, an SSH server and a mail server on the broker's port.
  for (const char* text :
       {"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n"}) {
    Bytes input;
    for (const char* at = text; *at != 0; ++at) input.push_back(static_cast<std::byte>(*at));
    const Framed framed = frame(input);
    EXPECT_TRUE(!framed.error.empty() || framed.packets.size() <= 1) << text;
  }
}

}  // namespace
}  // namespace holdfast::relay
