// One direction of a connection's MQTT, followed packet by packet, and copied without its secrets
// for as long as somebody traces. However the stream is cut, the copy is the same. Pure.
//
// Packets that have secrets are held until they are whole; all others are copied as they come.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <holdfast/options.hpp>

#include "observe/pcapng.hpp"
#include "observe/secrets.hpp"
#include "relay/packet_framer.hpp"

namespace holdfast::observe {

class PacketCopy {
 public:
  /// @param max_packet_bytes as the relay bounds this direction
  PacketCopy(MqttVersion version, std::size_t max_packet_bytes)
      : version_(version), framer_(max_packet_bytes) {}

  /// What was copied, and where in the stream its first byte is.
  struct Copied {
    std::uint64_t offset = 0;
    Bytes bytes;
  };

  /// Follows the next bytes, and copies them to `out` if there is one. It may fall behind the
  /// stream by what is held, and catches up.
  void take(std::span<const std::byte> bytes, Payloads payloads, Copied* out);

  /// What is copied begins with the next packet: somebody begins to trace, or has missed something.
  void join();

  /// The first CONNECT or CONNACK of this direction, with its payload and without its secrets, for
  /// who comes later. Empty: there was none yet, or it is longer than `kMostKept`.
  const Bytes& greeting() const { return greeting_; }
  static constexpr std::size_t kMostKept = std::size_t{16} * 1024;

  /// The stream is no MQTT: nothing is copied any more.
  bool broken() const { return broken_; }

 private:
  enum class Mode { skip, copy, hold };

  Mode mode_for(const relay::Piece& piece, Payloads payloads, bool wanted) const;
  void put(const relay::Piece& piece, Copied* out);
  void end_held(const relay::Piece& piece, Payloads payloads, Copied* out);

  const MqttVersion version_;
  relay::PacketFramer framer_;
  std::uint64_t passed_ = 0;  // bytes of the stream that were copied or skipped
  Mode mode_ = Mode::skip;    // of the packet that is being followed
  Bytes held_;
  Bytes greeting_;
  bool greeted_ = false;
  bool broken_ = false;
};

}  // namespace holdfast::observe
