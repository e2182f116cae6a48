#include "observe/pcapng.hpp"

#include <algorithm>
#include <limits>

namespace holdfast::observe {
namespace {

// Section 4 and the appendix of link types.
constexpr std::uint32_t kSectionHeader = 0x0A0D'0D0A;
constexpr std::uint32_t kByteOrderMagic = 0x1A2B'3C4D;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kPacket = 6;
constexpr std::uint16_t kLinkTypeRaw = 101;
constexpr std::uint64_t kUnknownLength = std::numeric_limits<std::uint64_t>::max();

// Options, sections 3.5, 4.1, 4.2, 4.3 and 4.6.
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kApplication = 4;
constexpr std::uint16_t kInterfaceName = 2;
constexpr std::uint16_t kInterfaceDescription = 3;
constexpr std::uint16_t kTimeResolution = 9;
constexpr std::uint16_t kPacketFlags = 2;
constexpr std::uint16_t kPacketDropCount = 4;
constexpr std::uint16_t kStartTime = 2;
constexpr std::uint16_t kEndTime = 3;
constexpr std::uint16_t kReceived = 4;
constexpr std::uint16_t kDropped = 5;

constexpr std::uint32_t kInbound = 1;
constexpr std::uint32_t kOutbound = 2;
constexpr std::byte kNanoseconds{9};  // 10^-9

template <class Number>
void put(Bytes& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
}

void pad(Bytes& out) {
  while (out.size() % 4 != 0) out.push_back(std::byte{0});
}

// A time is two halves, the higher one first, whatever the byte order.
void put_time(Bytes& out, std::uint64_t nanoseconds) {
  put(out, static_cast<std::uint32_t>(nanoseconds >> 32));
  put(out, static_cast<std::uint32_t>(nanoseconds));
}

// One block: its length stands at both ends, so that it is written in behind.
class Block {
 public:
  Block(Bytes& out, std::uint32_t type) : out_(out), begin_(out.size()) {
    // Blocks are multiples of four bytes long, so padding by the whole buffer is right.
    put(out_, type);
    put(out_, std::uint32_t{0});
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void option(std::uint16_t code, std::span<const std::byte> value) {
    const std::size_t size =
        std::min<std::size_t>(value.size(), std::numeric_limits<std::uint16_t>::max());
    put(out_, code);
    put(out_, static_cast<std::uint16_t>(size));
    out_.insert(out_.end(), value.begin(), value.begin() + static_cast<std::ptrdiff_t>(size));
    pad(out_);
    has_options_ = true;
  }
  void option(std::uint16_t code, std::string_view text) {
    if (!text.empty()) option(code, std::as_bytes(std::span(text)));
  }
  template <class Number>
  void number(std::uint16_t code, Number value) {
    Bytes bytes;
    put(bytes, value);
    option(code, bytes);
  }
  void time(std::uint16_t code, std::uint64_t nanoseconds) {
    Bytes bytes;
    put_time(bytes, nanoseconds);
    option(code, bytes);
  }

  void end() {
    if (has_options_) put(out_, std::uint32_t{0});  // opt_endofopt
    const auto length = static_cast<std::uint32_t>(out_.size() - begin_ + sizeof(std::uint32_t));
    put(out_, length);
    for (std::size_t i = 0; i < sizeof length; ++i) {
      out_[begin_ + 4 + i] = static_cast<std::byte>(length >> (8 * i));
    }
  }

 private:
  Bytes& out_;
  const std::size_t begin_;
  bool has_options_ = false;
};

}  // namespace

void append_section(Bytes& out, std::string_view application, std::string_view comment) {
  Block block(out, kSectionHeader);
  put(out, kByteOrderMagic);
  put(out, std::uint16_t{1});  // version 1.0
  put(out, std::uint16_t{0});
  put(out, kUnknownLength);  // it ends with the stream
  block.option(kApplication, application);
  block.option(kComment, comment);
  block.end();
}

void append_interface(Bytes& out, std::string_view name, std::string_view description) {
  Block block(out, kInterface);
  put(out, kLinkTypeRaw);
  put(out, std::uint16_t{0});
  put(out, std::uint32_t{0});  // packets are never cut
  block.option(kInterfaceName, name);
  block.option(kInterfaceDescription, description);
  block.option(kTimeResolution, std::span(&kNanoseconds, 1));
  block.end();
}

void append_packet(Bytes& out, std::uint64_t time_ns, std::span<const std::byte> packet,
                   const PacketNotes& notes) {
  Block block(out, kPacket);
  put(out, std::uint32_t{0});  // the interface
  put_time(out, time_ns);
  put(out, static_cast<std::uint32_t>(packet.size()));  // captured, and in all
  put(out, static_cast<std::uint32_t>(packet.size()));
  out.insert(out.end(), packet.begin(), packet.end());
  pad(out);
  block.number(kPacketFlags, notes.direction == Direction::up ? kOutbound : kInbound);
  if (notes.dropped_before > 0) block.number(kPacketDropCount, notes.dropped_before);
  block.option(kComment, notes.comment);
  block.end();
}

void append_sums(Bytes& out, const TraceSums& sums) {
  Block block(out, kStatistics);
  put(out, std::uint32_t{0});
  put_time(out, sums.ended_ns);
  block.time(kStartTime, sums.begun_ns);
  block.time(kEndTime, sums.ended_ns);
  block.number(kReceived, sums.packets);
  block.number(kDropped, sums.dropped);
  block.end();
}

}  // namespace holdfast::observe
