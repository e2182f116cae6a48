// The sender: from the outbox to the link, and what the broker answers back into the outbox.
//
// Threads: the worker's thread only.

#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "device/link.hpp"
#include "device/shared.hpp"
#include "device/suspect.hpp"
#include "mqtt/granted.hpp"
#include "mqtt/publisher.hpp"

namespace holdfast::device {

class Sender {
 public:
  Sender(MqttVersion version, Shared& shared);

  /// The session is up on this link, which stays until `end`.
  void begin(Link& link, const mqtt_engine::Granted& granted, Instant now);
  /// The broker ended the connection, which may be because of a message.
  void ended_by_broker(Instant now);
  /// The link is gone: what was under way waits again, or fails.
  void end();

  /// Sends what is due, as far as the windows have room.
  void pump(Instant now);
  /// Takes out what has expired; also while there is no link.
  void expire(Instant now);

  void answered(const mqtt_engine::Acknowledgement& acknowledgement, Instant now);
  void sent_at_most_once(MessageId id) { conclude(id, {}); }

  /// Since when the oldest message under way waits for its answer.
  std::optional<Instant> oldest_unanswered() const { return publisher_.oldest_unanswered(); }
  /// Nothing is sent until then: a quota of the broker is used up, or the line is on probation.
  std::optional<Instant> paused_until() const { return paused_until_; }

 private:
  void send(const outbox::Entry& entry, Instant now);
  void settled(const mqtt_engine::Settled& settled, Instant now);
  void conclude(MessageId id, const Failure& failure);

  const MqttVersion version_;
  Shared& shared_;
  mqtt_engine::Publisher publisher_;
  mqtt_engine::Granted granted_;
  std::optional<Instant> paused_until_;
  Suspect suspect_;
  MessageId condemned_ = 0;  // it is set aside when the link has ended
  Link* link_ = nullptr;
};

}  // namespace holdfast::device
