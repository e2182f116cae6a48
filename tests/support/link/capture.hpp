#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "support/link/lane.hpp"

namespace holdfast::test::link {

enum class Direction : std::uint8_t { up, down };  // From the near side, and to it.

// What a TCP segment says, as far as tests want to know it.
struct Segment {
  Direction direction = Direction::up;
  std::size_t ip_bytes = 0;
  std::size_t header_bytes = 0;  // IP and TCP, with options
  std::size_t payload_bytes = 0;
  std::size_t sack_blocks = 0;
  std::uint16_t near_port = 0;
  std::uint16_t far_port = 0;
  std::uint32_t sequence = 0;
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
};

// Reads an IPv4 or IPv6 packet; empty if it is not TCP (or is cut short).
std::optional<Segment> read_segment(const Packet& packet, Direction direction);

struct Traffic {
  std::uint64_t packets_up = 0;
  std::uint64_t packets_down = 0;
  std::uint64_t ip_bytes_up = 0;
  std::uint64_t ip_bytes_down = 0;

  void add(const Packet& packet, Direction direction);
  std::uint64_t ip_bytes() const { return ip_bytes_up + ip_bytes_down; }
};

// Capture is the independent bill: what the near side's modem sends and receives.
// A packet that is lost on its way up counts, one that is lost on its way down
// does not.
class Capture {
 public:
  void note(const Packet& packet, Direction direction);

  const Traffic& all() const { return all_; }
  // TCP to or from this port of the far side.
  Traffic of_port(std::uint16_t far_port) const;
  // The segments in their order; beyond kMaxSegments only the sums go on.
  const std::vector<Segment>& segments() const { return segments_; }

  static constexpr std::size_t kMaxSegments = 200'000;

 private:
  Traffic all_;
  std::map<std::uint16_t, Traffic> ports_;
  std::vector<Segment> segments_;
};

}  // namespace holdfast::test::link
