#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

// A capture file (pcapng) as the specification says it, read without anything of the SDK.

struct CapturedPacket {
  std::uint64_t time_ns = 0;
  std::string bytes;
  std::string comment;
  unsigned direction = 0;  // 1 inbound, 2 outbound
  std::uint64_t dropped_before = 0;
};

struct CaptureFile {
  std::string trouble;  // empty: it is whole
  std::string application;
  std::string comment;
  std::string interface_name;
  unsigned link_type = 0;
  unsigned time_digits = 6;
  std::vector<CapturedPacket> packets;
  unsigned sums = 0;  // Interface Statistics Blocks
  std::uint64_t received = 0;
  std::uint64_t dropped = 0;
};

CaptureFile read_capture(std::string_view file);

// An IP packet with TCP in it. `trouble` tells of wrong lengths and check sums.
struct TcpSegment {
  std::string trouble;
  bool v6 = false;
  std::string from;  // ADDRESS:PORT, with brackets around IPv6
  std::string to;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledges = 0;
  unsigned flags = 0;
  std::string payload;

  bool syn() const { return (flags & 2) != 0; }
  bool ack() const { return (flags & 16) != 0; }
  bool fin() const { return (flags & 1) != 0; }
};

TcpSegment read_segment(std::string_view packet);

}  // namespace holdfast::test
