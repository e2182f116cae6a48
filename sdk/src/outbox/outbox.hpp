// The outbox: where an accepted message waits until it was delivered. One interface for the store
// in memory and for the durable one.
//
// Threads: every member may be called from any thread; none blocks on I/O.

#pragma once

#include <optional>
#include <vector>

#include <holdfast/status.hpp>

#include "outbox/entry.hpp"

namespace holdfast::outbox {

class Outbox {
 public:
  virtual ~Outbox() = default;

  /// What a stream may hold; before its first message.
  virtual void bound_stream(StreamId stream, const StreamBounds& bounds) = 0;

  /// Takes an entry and gives it its number. What has to make room for it, and what it replaces,
  /// leaves; that may be the entry itself. @return 0 and `refused` set when a bound is reached.
  virtual MessageId put(Entry entry, std::vector<Casualty>& gone, Failure& refused) = 0;

  /// The next entry to hand to MQTT: the highest priority first, then by the order that was asked
  /// for; null while nothing is due. Once one entry is due, all that wait are: a message with a
  /// delay budget rides along with one that goes out anyway. The pointer holds until the entry is
  /// settled or put back.
  virtual const Entry* take(Instant now) = 0;

  /// An entry was delivered, or refused for good: it leaves.
  virtual std::optional<Entry> settle(MessageId id) = 0;

  /// An entry that is under way waits again, in its old place: it was refused for now.
  virtual void retry(MessageId id) = 0;

  /// The connection ended: entries of QoS 1 that are under way wait again, in their old order and
  /// before all others of their priority; those of QoS 0 and 2 leave.
  virtual std::vector<Casualty> put_back() = 0;

  /// Takes out what has expired.
  virtual std::vector<Casualty> expire(Instant now) = 0;

  /// From now on nothing waits for its delay budget.
  virtual void release_all() = 0;

  /// From now on only these are handed out, and count as due.
  virtual void admit(Admission admission) = 0;

  /// Takes out everything, for a device that stops.
  virtual std::vector<Entry> clear() = 0;

  /// When the next delay budget or time to live ends; empty: none is running. What is due already
  /// waits for the session and not for a time; a time in the past is told only of what has expired
  /// and was not taken out yet.
  virtual std::optional<Instant> next_due(Instant now) const = 0;

  /// When the next message that waits has to go, at the latest: in the past if one is due already.
  /// Empty: none waits.
  virtual std::optional<Instant> earliest_due() const = 0;

  virtual Fill fill() const = 0;
};

}  // namespace holdfast::outbox
