#include "relay/packet_framer.hpp"

#include <algorithm>

namespace holdfast::relay {

// Nothing after an error can be read, however often it is tried.
Piece PacketFramer::fail(const char* why) {
  error_ = why;
  Piece piece;
  piece.kind = Piece::Kind::error;
  piece.error = why;
  return piece;
}

Piece PacketFramer::next(std::span<const std::byte>& input) {
  Piece piece;
  if (error_ != nullptr) return fail(error_);
  if (input.empty()) return piece;

  if (body_left_ > 0) {
    piece.kind = Piece::Kind::packet;
    piece.type = type_;
    piece.flags = flags_;
    piece.bytes = input.first(std::min(input.size(), body_left_));
    input = input.subspan(piece.bytes.size());
    body_left_ -= piece.bytes.size();
    piece.ends = body_left_ == 0;
    return piece;
  }

  // The first byte, then the remaining length: seven bits a byte, four bytes at most, the high bit
  // says that another follows (MQTT 5 section 1.5.5).
  bool complete = false;
  while (!input.empty() && !complete) {
    header_[header_size_++] = input.front();
    input = input.subspan(1);
    complete = header_size_ > 1 && (header_[header_size_ - 1] & std::byte{0x80}) == std::byte{0};
    if (!complete && header_size_ == kMaxHeader) {
      return fail("a packet's length has more than four bytes");
    }
  }
  if (!complete) return piece;

  std::size_t length = 0;
  for (std::size_t i = header_size_ - 1; i > 0; --i) {
    length = (length << 7) | (std::to_integer<std::size_t>(header_[i]) & 0x7F);
  }
  const auto first = std::to_integer<std::uint8_t>(header_[0]);
  if (first >> 4 == 0) {
    return fail("a packet of type 0, which does not exist");
  }
  if (header_size_ + length > max_packet_bytes_) {
    return fail("a packet is longer than was agreed");
  }
  type_ = static_cast<PacketType>(first >> 4);
  flags_ = first & 0x0F;
  piece.kind = Piece::Kind::packet;
  piece.type = type_;
  piece.flags = flags_;
  piece.bytes = std::span(header_).first(header_size_);
  piece.begins = true;
  piece.ends = length == 0;
  body_left_ = length;
  header_size_ = 0;
  return piece;
}

}  // namespace holdfast::relay
