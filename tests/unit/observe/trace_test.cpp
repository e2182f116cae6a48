// Is a trace a file that other programs read: blocks, headers, sums, numbers, and what is missing?

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "observe/traces.hpp"
#include "support/capture_file.hpp"
#include "unit/observe/packets.hpp"

namespace holdfast::observe {
namespace {

using test::bytes_of;
using test::CaptureFile;
using test::ConnectText;
using test::packet;
using test::properties;
using test::publish_text;
using test::read_capture;
using test::read_segment;
using test::TcpSegment;

constexpr std::uint64_t kThen = 1'795'478'400'123'456'789;

Ends ends_of(const char* device, const char* broker) {
  return {{asio::ip::make_address(device), 40'000}, {asio::ip::make_address(broker), 8'883}};
}

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The bytes of one direction, by their sequence numbers; a gap is a '?' for each byte.
std::string stream_of(const std::vector<TcpSegment>& segments, const std::string& from) {
  std::string stream;
  for (const TcpSegment& segment : segments) {
    if (segment.from != from || segment.payload.empty()) continue;
    const std::size_t at = segment.sequence - 1;
    if (stream.size() < at) stream.resize(at, '?');
    stream.replace(std::min(at, stream.size()), segment.payload.size(), segment.payload);
  }
  return stream;
}

class TraceTest : public ::testing::Test {
 protected:
  std::shared_ptr<LinkTap> tap(const Ends& ends = ends_of("192.0.2.7", "198.51.100.1")) {
    auto tap = traces_.tap(MqttVersion::v5, "broker.example:8883");
    tap->began(ends, false);
    return tap;
  }

  std::shared_ptr<Trace> begin(const TraceSettings& settings = {}) {
    return traces_.begin(settings, [this] { ++ready_; });
  }

  CaptureFile file_of(Trace& trace) {
    text_ += text_of(trace.take());
    CaptureFile file = read_capture(text_);
    EXPECT_EQ(file.trouble, "");
    segments_.clear();
    for (const auto& captured : file.packets) {
      segments_.push_back(read_segment(captured.bytes));
      EXPECT_EQ(segments_.back().trouble, "");
    }
    return file;
  }

  std::uint64_t now_ = kThen;
  Traces traces_{"truck-17", [this] { return now_; }};
  int ready_ = 0;
  std::string text_;
  std::vector<TcpSegment> segments_;
};

TEST_F(TraceTest, SaysWhatItIs) {
  const auto trace = begin();
  traces_.end();
  const CaptureFile file = file_of(*trace);
  EXPECT_TRUE(file.application.starts_with("holdfast ")) << file.application;
  EXPECT_NE(file.comment.find("made up"), std::string::npos) << file.comment;
  EXPECT_EQ(file.interface_name, "truck-17");
  EXPECT_EQ(file.link_type, 101U) << "bare IP";
  EXPECT_EQ(file.time_digits, 9U);
  EXPECT_EQ(file.sums, 1U);
  EXPECT_EQ(file.received, 0U);
}

TEST_F(TraceTest, AConnectionBeginsAndEndsAsTcpDoes) {
  const auto trace = begin();
  const auto link = tap();
  now_ += 5;
  link->up(bytes_of(packet(0xC0, "")));
  link->down(bytes_of(packet(0xD0, "")));
  link->ended();
  traces_.end();
  const CaptureFile file = file_of(*trace);
  ASSERT_EQ(segments_.size(), 8U);
  const std::vector<unsigned> flags{2, 18, 16, 24, 24, 17, 17, 16};
  const std::vector<std::uint32_t> sequences{0, 0, 1, 1, 1, 3, 3, 4};
  const std::vector<std::uint32_t> acknowledged{0, 1, 1, 1, 3, 3, 4, 4};
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    EXPECT_EQ(segments_[i].flags, flags[i]) << i;
    EXPECT_EQ(segments_[i].sequence, sequences[i]) << i;
    EXPECT_EQ(segments_[i].acknowledges, acknowledged[i]) << i;
    const bool up = segments_[i].from == "192.0.2.7:40000";
    EXPECT_EQ(segments_[i].from, up ? "192.0.2.7:40000" : "198.51.100.1:1883") << i;
    EXPECT_EQ(segments_[i].to, up ? "198.51.100.1:1883" : "192.0.2.7:40000") << i;
    EXPECT_EQ(file.packets[i].direction, up ? 2U : 1U) << i;
  }
  EXPECT_EQ(file.packets[0].time_ns, kThen);
  EXPECT_EQ(file.packets[3].time_ns, kThen + 5);
  EXPECT_NE(file.packets[0].comment.find("broker.example"), std::string::npos);
  EXPECT_NE(file.packets[0].comment.find("8883"), std::string::npos);
  EXPECT_EQ(file.received, 8U);
  EXPECT_EQ(file.dropped, 0U);
}

TEST_F(TraceTest, Ipv6IsShownAsItIs) {
  const auto trace = begin({.shown_port = 1'884});
  tap(ends_of("2001:db8::7", "2001:db8::1"))->up(bytes_of(packet(0xC0, "")));
  traces_.end();
  file_of(*trace);
  ASSERT_FALSE(segments_.empty());
  EXPECT_EQ(segments_[0].from, "[2001:db8::7]:40000");
  EXPECT_EQ(segments_[0].to, "[2001:db8::1]:1884");
}

TEST_F(TraceTest, LongPacketsAreCutIntoSegmentsThatFollowEachOther) {
  const auto trace = begin();
  const auto link = tap();
  std::string sent;
  for (std::size_t size = 1; size < 9'000; size += 1'007) {
    const std::string text =
        publish_text("t", std::string(size, static_cast<char>('a' + size % 26)));
    link->up(bytes_of(text));
    sent += text;
  }
  traces_.end();
  file_of(*trace);
  EXPECT_EQ(stream_of(segments_, "192.0.2.7:40000"), sent);
  for (const TcpSegment& segment : segments_) {
    EXPECT_LE(segment.payload.size(), Conversation::kSegmentBytes);
  }
}

TEST_F(TraceTest, WhoComesLaterSeesHowTheConnectionBegan) {
  const auto link = tap();
  now_ += 1'000;
  const std::string connect = ConnectText{.will = true}.text();
  link->up(bytes_of(connect));
  now_ += 1'000;
  const std::string connack = packet(0x20, std::string(2, '\0') + properties());
  link->down(bytes_of(connack));
  const std::string before = publish_text("missed", "unseen");
  link->up(bytes_of(before + before.substr(0, 5)));
  now_ += 1'000'000;
  const auto trace = begin({.payloads = Payloads::blanked});
  link->up(bytes_of(before.substr(5) + publish_text("after", "secret")));
  traces_.end();
  const CaptureFile file = file_of(*trace);
  const std::string up = stream_of(segments_, "192.0.2.7:40000");
  EXPECT_EQ(up.size(), connect.size() + 2 * before.size() + publish_text("after", "secret").size());
  EXPECT_NE(up.find("truck/17/will"), std::string::npos);
  EXPECT_NE(up.find("after"), std::string::npos);
  for (const char* hidden :
       {"missed", "unseen", "secret", "hunter2!", "the-user", "gone-for-good"}) {
    EXPECT_EQ(text_.find(hidden), std::string::npos) << hidden;
  }
  EXPECT_EQ(stream_of(segments_, "198.51.100.1:1883"), connack);
  ASSERT_EQ(file.packets.size(), 6U);
  EXPECT_EQ(file.packets[3].time_ns, kThen + 1'000);
  EXPECT_EQ(file.packets[4].time_ns, kThen + 2'000);
  EXPECT_NE(file.packets[3].comment.find("before the trace"), std::string::npos);
  EXPECT_EQ(file.packets[5].time_ns, kThen + 1'002'000);
}

TEST_F(TraceTest, WhatAReaderIsTooSlowForIsCountedAndTheRestBeginsWithAPacket) {
  const auto trace = begin({.buffer_bytes = 8'000});
  const auto link = tap();
  const std::string text = publish_text("t", std::string(3'000, 'x'));
  for (int i = 0; i < 4; ++i) link->up(bytes_of(text));
  link->up(bytes_of(text.substr(0, 2'000)));
  file_of(*trace);
  const std::size_t had_room = segments_.size();
  EXPECT_LT(had_room, 3U + 4 * 3) << "there was no room for all";
  link->up(bytes_of(text.substr(2'000) + text));
  link->ended();
  traces_.end();
  const CaptureFile file = file_of(*trace);
  EXPECT_GT(file.dropped, 3U);
  EXPECT_EQ(file.received, file.packets.size() + file.dropped);
  const auto& next = file.packets.at(had_room);
  EXPECT_EQ(next.dropped_before, file.dropped);
  EXPECT_EQ(segments_[had_room].payload.front(), '\x32') << "it begins with a PUBLISH";
  EXPECT_EQ(segments_[had_room].sequence, 1 + 5 * text.size()) << "and stands where it was sent";
  EXPECT_LE(text_.size(), 16'000U);
}

TEST_F(TraceTest, NothingIsTakenAfterItsEndAndAnotherMayBegin) {
  const auto link = tap();
  const auto trace = begin();
  EXPECT_EQ(begin(), nullptr) << "one at a time";
  traces_.end();
  const std::uint64_t packets = trace->sums().packets;
  link->up(bytes_of(packet(0xC0, "")));
  link->ended();
  EXPECT_EQ(trace->sums().packets, packets);
  EXPECT_NE(begin(), nullptr);
  traces_.end();
}

TEST_F(TraceTest, TellsWhenSomethingWaits) {
  const auto trace = begin();
  EXPECT_EQ(ready_, 0) << "its head is there from the beginning";
  trace->take();
  const auto link = tap();
  EXPECT_EQ(ready_, 1);
  link->up(bytes_of(packet(0xC0, "")));
  EXPECT_EQ(ready_, 1) << "nobody has looked yet";
  trace->take();
  link->up(bytes_of(packet(0xC0, "")));
  EXPECT_EQ(ready_, 2);
  trace->take();
  traces_.end();
  EXPECT_EQ(ready_, 3);
}

TEST_F(TraceTest, ConnectionsStayApart) {
  const auto trace = begin();
  const auto first = tap();
  first->up(bytes_of(packet(0xC0, "")));
  first->ended();
  const auto second = tap({{asio::ip::make_address("192.0.2.7"), 40'001},
                           {asio::ip::make_address("198.51.100.1"), 8'883}});
  second->up(bytes_of(publish_text("t", "p")));
  first->up(bytes_of(packet(0xC0, "")));  // late, and of nobody
  traces_.end();
  file_of(*trace);
  EXPECT_EQ(stream_of(segments_, "192.0.2.7:40000"), packet(0xC0, ""));
  EXPECT_EQ(stream_of(segments_, "192.0.2.7:40001"), publish_text("t", "p"));
  EXPECT_EQ(std::count_if(segments_.begin(), segments_.end(),
                          [](const TcpSegment& s) { return s.syn() && !s.ack(); }),
            2);
}

}  // namespace
}  // namespace holdfast::observe
