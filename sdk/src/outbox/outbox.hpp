// The outbox: where an accepted message waits until it was delivered. One interface for the store
// in memory and for the durable one.
//
// Threads: every member may be called from any thread; none blocks on I/O.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/options.hpp>

#include "base/clock.hpp"
#include "base/failure.hpp"

namespace holdfast::outbox {

/// Stream 0 is "no stream": the payload is published as the app gave it.
using StreamId = std::uint32_t;
inline constexpr StreamId kNoStream = 0;

struct Entry {
  MessageId id = 0;
  StreamId stream = kNoStream;
  std::uint32_t sequence = 0;  ///< of its stream; given when it is first handed to MQTT, else 0
  std::string topic;
  std::vector<std::byte> payload;
  Qos qos = Qos::at_least_once;
  Retain retain = Retain::no;
  Instant due{};                   ///< it goes out no later than this
  std::optional<Instant> expires;  ///< it is worthless after this
  std::function<void(const Delivery&)> on_done;

  std::size_t bytes() const { return topic.size() + payload.size(); }
};

/// An entry that left without delivery, and why.
struct Casualty {
  Entry entry;
  Failure reason;
};

struct Fill {
  std::size_t waiting = 0;    ///< not handed to MQTT
  std::size_t under_way = 0;  ///< handed to MQTT, not settled
  std::size_t bytes = 0;      ///< of both
};

class Outbox {
 public:
  virtual ~Outbox() = default;

  /// Takes an entry and gives it its number. @return 0 and `refused` set when a bound is reached.
  virtual MessageId put(Entry entry, Failure& refused) = 0;

  /// The next entry to hand to MQTT, oldest first; null while nothing is due. Once one entry is
  /// due, all that wait are: a message with a delay budget rides along with one that goes out
  /// anyway. The pointer holds until the entry is settled or put back.
  virtual const Entry* take(Instant now) = 0;

  /// An entry was delivered, or refused for good: it leaves.
  virtual std::optional<Entry> settle(MessageId id) = 0;

  /// An entry that is under way waits again, in its old place: it was refused for now.
  virtual void retry(MessageId id) = 0;

  /// The connection ended: entries of QoS 1 that are under way wait again, in their old order and
  /// before all others; those of QoS 0 and 2 leave.
  virtual std::vector<Casualty> put_back() = 0;

  /// Takes out what has expired.
  virtual std::vector<Casualty> expire(Instant now) = 0;

  /// From now on nothing waits for its delay budget.
  virtual void release_all() = 0;

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
