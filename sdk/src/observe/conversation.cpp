#include "observe/conversation.hpp"

#include <algorithm>

namespace holdfast::observe {
namespace {

// RFC 9293 section 3.1.
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kPush = 0x08;
constexpr std::uint8_t kAck = 0x10;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kMssOption = 4;
constexpr std::size_t kIp4Header = 20;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kHops = 64;
constexpr std::uint16_t kWindow = 65'535;

// Network byte order.
void put8(Bytes& out, std::uint8_t value) {
  out.push_back(static_cast<std::byte>(value));
}
void put16(Bytes& out, std::uint16_t value) {
  put8(out, static_cast<std::uint8_t>(value >> 8));
  put8(out, static_cast<std::uint8_t>(value));
}
void put32(Bytes& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 16));
  put16(out, static_cast<std::uint16_t>(value));
}
void write16(std::span<std::byte> at, std::uint16_t value) {
  at[0] = static_cast<std::byte>(value >> 8);
  at[1] = static_cast<std::byte>(value);
}
void put(Bytes& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// RFC 1071: the sum of all 16-bit words, without the fold.
std::uint32_t sum_of(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto value = std::to_integer<std::uint32_t>(bytes[i]);
    sum += i % 2 == 0 ? value << 8 : value;
  }
  return sum;
}

std::uint16_t checksum(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

struct AddressBytes {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;
  std::span<const std::byte> view() const { return std::as_bytes(std::span(bytes).first(size)); }
};

AddressBytes bytes_of(const asio::ip::address& address) {
  AddressBytes out;
  if (address.is_v4()) {
    const auto four = address.to_v4().to_bytes();
    std::copy(four.begin(), four.end(), out.bytes.begin());
    out.size = four.size();
  } else {
    out.bytes = address.to_v6().to_bytes();
    out.size = out.bytes.size();
  }
  return out;
}

// RFC 791 section 3.1; never in fragments.
void put_ip4(Bytes& out, std::uint16_t id, std::size_t tcp_bytes, const AddressBytes& from,
             const AddressBytes& to) {
  put16(out, 0x4500);
  put16(out, static_cast<std::uint16_t>(kIp4Header + tcp_bytes));
  put16(out, id);
  put16(out, 0x4000);
  put8(out, kHops);
  put8(out, kTcp);
  put16(out, 0);
  put(out, from.view());
  put(out, to.view());
  write16(std::span(out).subspan(10, 2), checksum(sum_of(out)));
}

// RFC 8200 section 3.
void put_ip6(Bytes& out, std::size_t tcp_bytes, const AddressBytes& from, const AddressBytes& to) {
  put32(out, 0x6000'0000);
  put16(out, static_cast<std::uint16_t>(tcp_bytes));
  put8(out, kTcp);
  put8(out, kHops);
  put(out, from.view());
  put(out, to.view());
}

}  // namespace

void Conversation::open(const Take& take) {
  segment(Direction::up, kSyn, {}, take);
  segment(Direction::down, kSyn | kAck, {}, take);
  segment(Direction::up, kAck, {}, take);
}

void Conversation::data(Direction direction, std::uint64_t offset, std::span<const std::byte> bytes,
                        const Take& take) {
  next(direction) = static_cast<std::uint32_t>(offset + 1);  // the SYN counts as one
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kSegmentBytes));
    bytes = bytes.subspan(piece.size());
    segment(direction, bytes.empty() ? kPush | kAck : kAck, piece, take);
  }
}

void Conversation::close(const Take& take) {
  segment(Direction::up, kFin | kAck, {}, take);
  segment(Direction::down, kFin | kAck, {}, take);
  segment(Direction::up, kAck, {}, take);
}

void Conversation::segment(Direction direction, std::uint8_t flags,
                           std::span<const std::byte> bytes, const Take& take) {
  const bool up = direction == Direction::up;
  const auto& source = up ? ends_.device : ends_.broker;
  const auto& target = up ? ends_.broker : ends_.device;
  const AddressBytes from = bytes_of(source.address());
  const AddressBytes to = bytes_of(target.address());
  const bool syn = (flags & kSyn) != 0;
  const std::size_t header = kTcpHeader + (syn ? kMssOption : 0);
  const std::size_t tcp_bytes = header + bytes.size();

  packet_.clear();
  if (from.size == 4) {
    put_ip4(packet_, packet_id_[up ? 0 : 1]++, tcp_bytes, from, to);
  } else {
    put_ip6(packet_, tcp_bytes, from, to);
  }
  const std::size_t begin = packet_.size();
  put16(packet_, source.port());
  put16(packet_, target.port());
  put32(packet_, next(direction));
  put32(packet_, (flags & kAck) != 0 ? next(opposite(direction)) : 0);
  put8(packet_, static_cast<std::uint8_t>(header / 4 << 4));
  put8(packet_, flags);
  put16(packet_, kWindow);
  put16(packet_, 0);  // the checksum
  put16(packet_, 0);
  if (syn) {
    put16(packet_, 0x0204);
    put16(packet_, static_cast<std::uint16_t>(kSegmentBytes));
  }
  put(packet_, bytes);
  // With a pseudo-header of addresses, protocol and length.
  const auto tcp = std::span(packet_).subspan(begin);
  const std::uint32_t sum = sum_of(from.view()) + sum_of(to.view()) + kTcp +
                            static_cast<std::uint32_t>(tcp_bytes) + sum_of(tcp);
  write16(tcp.subspan(16, 2), checksum(sum));

  next(direction) += static_cast<std::uint32_t>(bytes.size());
  if ((flags & (kSyn | kFin)) != 0) ++next(direction);
  take(direction, packet_);
}

}  // namespace holdfast::observe
