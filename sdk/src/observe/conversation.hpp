// Plain MQTT of one connection as the TCP segments that would carry it without TLS, so that tools
// for captures read it: IPv4 or IPv6 packets with the connection's real addresses. Pure.
//
// What is not true of them: the broker's port is one that tools know as MQTT's, segments are cut
// here, and nothing is acknowledged on its own, repeated, or shorter than it was written.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include <asio/ip/tcp.hpp>

#include "observe/pcapng.hpp"

namespace holdfast::observe {

/// The two ends of a connection; of one family.
struct Ends {
  asio::ip::tcp::endpoint device;
  asio::ip::tcp::endpoint broker;
};

class Conversation {
 public:
  /// What a segment carries at most: as it fits most paths with a tunnel on the way.
  static constexpr std::size_t kSegmentBytes = 1'360;

  /// Gets each packet, valid during the call.
  using Take = std::function<void(Direction, std::span<const std::byte> packet)>;

  explicit Conversation(const Ends& ends) : ends_(ends) {}

  /// SYN, SYN and ACK, ACK.
  void open(const Take& take);
  /// @param offset of the first byte in the stream of this direction: what was not seen in between
  ///        is a gap, which tools show
  void data(Direction direction, std::uint64_t offset, std::span<const std::byte> bytes,
            const Take& take);
  /// FIN of the device, FIN of the broker, and the last ACK.
  void close(const Take& take);

 private:
  void segment(Direction direction, std::uint8_t flags, std::span<const std::byte> bytes,
               const Take& take);
  std::uint32_t& next(Direction direction) { return next_[direction == Direction::up ? 0 : 1]; }

  const Ends ends_;
  std::array<std::uint32_t, 2> next_{};       // sequence numbers
  std::array<std::uint16_t, 2> packet_id_{};  // IPv4's
  Bytes packet_;
};

}  // namespace holdfast::observe
