// Follows a stream of MQTT control packets (MQTT 5 section 2.1, the same in 3.1.1) without copying
// them: it tells where each begins and ends. Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::relay {

/// The upper four bits of a packet's first byte (MQTT 5 section 2.1.2).
enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

/// What a chunk of input is.
struct Piece {
  enum class Kind {
    none,    ///< nothing to pass on yet: a header is incomplete
    packet,  ///< bytes of a packet: `bytes`
    error,   ///< the input breaks MQTT's framing; nothing after it can be read
  };
  Kind kind = Kind::none;
  PacketType type = PacketType::connect;
  std::uint8_t flags = 0;            ///< the lower four bits of the first byte
  std::span<const std::byte> bytes;  ///< of this packet; valid until the next call
  bool begins = false;               ///< `bytes` begins with the packet's first byte
  bool ends = false;                 ///< `bytes` ends with its last
  const char* error = nullptr;
};

class PacketFramer {
 public:
  /// @param max_packet_bytes a longer packet, header included, is an error
  explicit PacketFramer(std::size_t max_packet_bytes) : max_packet_bytes_(max_packet_bytes) {}

  /// Takes the next piece off the front of `input`. Call it until it returns `none` and `input` is
  /// empty. A fixed header that arrives in parts is kept until it is complete, so that a packet can
  /// still be held back when its type is known.
  Piece next(std::span<const std::byte>& input);

  /// Nothing of a packet is pending: another packet may be put in between.
  bool at_boundary() const { return header_size_ == 0 && body_left_ == 0; }

 private:
  static constexpr std::size_t kMaxHeader = 5;

  Piece fail(const char* why);

  const std::size_t max_packet_bytes_;
  std::byte header_[kMaxHeader]{};
  std::size_t header_size_ = 0;  // bytes of an incomplete header
  std::size_t body_left_ = 0;
  PacketType type_ = PacketType::connect;
  std::uint8_t flags_ = 0;
  const char* error_ = nullptr;  // once set, for good
};

}  // namespace holdfast::relay
