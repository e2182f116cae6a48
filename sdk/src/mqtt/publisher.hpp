// What was published and is not settled: packet identifiers, and the exchanges of QoS 1 and 2 (MQTT
// 5 section 4.3). It outlives a connection, as the MQTT session does.
//
// Why publishing is not Paho's: docs/decisions/0007-publishing.md. Paho's own packets (SUBSCRIBE)
// share the space of packet identifiers. It counts from 1 in each connection, and a device has few
// subscriptions; ours are taken from the upper half. Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.hpp"
#include "mqtt/acknowledgement.hpp"
#include "mqtt/publish_packet.hpp"

namespace holdfast::mqtt_engine {

inline constexpr PacketId kFirstPacketId = 0x8000;
inline constexpr PacketId kLastPacketId = 0xFFFF;

/// The end of a message's exchange.
struct Settled {
  MessageId id = 0;
  int code = 0;  ///< MQTT's reason code; at least 0x80: refused
};

class Publisher {
 public:
  /// @param first where the packet identifiers begin: a number that differs from start to start, so
  ///        that a broker that holds the session of an earlier process does not mistake a message
  ///        of this one for the other's
  Publisher(MqttVersion version, std::uint32_t first);

  /// The PUBLISH of a message, to be sent now.
  std::vector<std::byte> publish(const Publication& publication, Instant now);

  struct Reply {
    std::optional<Settled> settled;
    std::vector<std::byte> packet;  ///< to be sent, if not empty
  };
  /// The broker answered. An answer that belongs to nothing changes nothing.
  Reply answered(const Acknowledgement& acknowledgement);

  /// A connection has begun. With the session present, what is not settled keeps its identifier and
  /// is resent with DUP (MQTT 5 section 4.4), and QoS 2 messages that were given up are released
  /// there, or else the broker would take a later message with their identifier for a second copy.
  /// @return packets to be sent before all others
  std::vector<std::vector<std::byte>> resume(bool session_present);

  /// The connection ended.
  void interrupted();

  /// A message left the outbox without an answer: it will not be resent.
  void forget(MessageId id);

  std::size_t in_flight() const { return in_flight_.size(); }
  /// Since when the one that was sent first waits for its answer.
  std::optional<Instant> oldest_unanswered() const;
  /// Which one that is, 0: none.
  MessageId first_unanswered() const { return in_flight_.empty() ? 0 : in_flight_.front().id; }

 private:
  struct Exchange {
    MessageId id;
    PacketId packet_id;
    Qos qos;
    Instant since;
    bool received = false;  // PUBREC has come
  };

  PacketId draw_packet_id();
  void release(PacketId packet_id);
  Settled finish(std::vector<Exchange>::iterator exchange, int code);

  MqttVersion version_;
  PacketId next_;
  std::vector<bool> used_;           // the identifiers, from kFirstPacketId
  std::vector<Exchange> in_flight_;  // in the order in which they were sent; at most some dozens
  std::map<MessageId, PacketId> to_resend_;  // QoS 1, of an earlier connection
  std::set<PacketId> abandoned_;             // QoS 2, of an earlier connection
};

}  // namespace holdfast::mqtt_engine
