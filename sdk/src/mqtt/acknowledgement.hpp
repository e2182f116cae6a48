// The broker's answers to a PUBLISH: PUBACK, PUBREC, PUBCOMP (MQTT 5 sections 3.4, 3.5, 3.7). Pure.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mqtt/publish_packet.hpp"

namespace holdfast::mqtt_engine {

enum class Answer : std::uint8_t { puback = 4, pubrec = 5, pubcomp = 7 };

struct Acknowledgement {
  Answer answer = Answer::puback;
  PacketId packet_id = 0;
  int code = 0;  ///< MQTT 5's reason code; 0 where there is none, as always in 3.1.1
};

/// Puts an answer together from the pieces that it arrives in. What a broker may add behind the
/// reason code (a Reason String, User Properties) is not kept, however long it is.
class AcknowledgementReader {
 public:
  /// Bytes of one packet, from its first on. @param ends the packet's last byte is among them
  /// @return the answer once it is complete; nothing too where it is not one: see `malformed`
  std::optional<Acknowledgement> take(std::span<const std::byte> bytes, bool ends);

  /// What ended last was no answer that MQTT allows: too short, packet identifier 0, or another
  /// type.
  bool malformed() const { return malformed_; }

 private:
  static constexpr std::size_t kMost = 5 + 2 + 1;  // the longest fixed header, identifier, reason

  std::optional<Acknowledgement> parse() const;

  std::array<std::byte, kMost> head_{};
  std::size_t size_ = 0;
  bool malformed_ = false;
};

}  // namespace holdfast::mqtt_engine
