#include "support/link/capture.hpp"

namespace holdfast::test::link {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::uint8_t kTcp = 6;

unsigned two_bytes(const Packet& packet, std::size_t at) {
  return static_cast<unsigned>(packet[at] << 8U) | packet[at + 1];
}

// Length of the IP header of a TCP packet; 0 if it is none. Extension headers of IPv6 do not occur
// on these links.
std::size_t ip_header_bytes(const Packet& packet) {
  if (packet.empty()) return 0;
  const unsigned version = packet[0] >> 4U;
  if (version == 4 && packet.size() >= kIpv4Header && packet[9] == kTcp) {
    return static_cast<std::size_t>(packet[0] & 0xFU) * 4;
  }
  if (version == 6 && packet.size() >= kIpv6Header && packet[6] == kTcp) return kIpv6Header;
  return 0;
}

// RFC 2018: kind 5, a length, and eight bytes a block.
std::size_t sack_blocks(const Packet& packet, std::size_t at, std::size_t end) {
  while (at + 1 < end && packet[at] != 0) {
    if (packet[at] == 1) {
      ++at;
      continue;
    }
    const std::size_t length = packet[at + 1];
    if (packet[at] == 5) return (length - 2) / 8;
    if (length < 2) return 0;
    at += length;
  }
  return 0;
}

}  // namespace

std::optional<Segment> read_segment(const Packet& packet, Direction direction) {
  const std::size_t ip = ip_header_bytes(packet);
  if (ip == 0 || packet.size() < ip + kTcpHeader) return std::nullopt;
  const std::size_t tcp = static_cast<std::size_t>(packet[ip + 12] >> 4U) * 4;
  if (tcp < kTcpHeader || packet.size() < ip + tcp) return std::nullopt;
  Segment segment;
  segment.direction = direction;
  segment.ip_bytes = packet.size();
  segment.header_bytes = ip + tcp;
  segment.payload_bytes = packet.size() - ip - tcp;
  segment.sack_blocks = sack_blocks(packet, ip + kTcpHeader, ip + tcp);
  const auto source = static_cast<std::uint16_t>(two_bytes(packet, ip));
  const auto destination = static_cast<std::uint16_t>(two_bytes(packet, ip + 2));
  segment.near_port = direction == Direction::up ? source : destination;
  segment.far_port = direction == Direction::up ? destination : source;
  segment.sequence = two_bytes(packet, ip + 4) << 16U | two_bytes(packet, ip + 6);
  const unsigned flags = packet[ip + 13];
  segment.fin = (flags & 0x01U) != 0;
  segment.syn = (flags & 0x02U) != 0;
  segment.rst = (flags & 0x04U) != 0;
  segment.ack = (flags & 0x10U) != 0;
  return segment;
}

void Traffic::add(const Packet& packet, Direction direction) {
  const bool up = direction == Direction::up;
  ++(up ? packets_up : packets_down);
  (up ? ip_bytes_up : ip_bytes_down) += packet.size();
}

void Capture::note(const Packet& packet, Direction direction) {
  all_.add(packet, direction);
  const auto segment = read_segment(packet, direction);
  if (!segment) return;
  ports_[segment->far_port].add(packet, direction);
  if (segments_.size() < kMaxSegments) segments_.push_back(*segment);
}

Traffic Capture::of_port(std::uint16_t far_port) const {
  const auto found = ports_.find(far_port);
  return found == ports_.end() ? Traffic() : found->second;
}

}  // namespace holdfast::test::link
