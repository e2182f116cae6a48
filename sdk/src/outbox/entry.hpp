// What waits in an outbox.

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
#include "base/properties.hpp"

namespace holdfast::outbox {

/// Stream 0 is "no stream": the payload is published as the app gave it.
using StreamId = std::uint32_t;
inline constexpr StreamId kNoStream = 0;

/// Who wants to know of a message that shares another one's way.
struct Waiter {
  MessageId id = 0;
  std::function<void(const Stored&)> on_stored;
  std::function<void(const Delivery&)> on_done;
};

struct Entry {
  MessageId id = 0;
  StreamId stream = kNoStream;
  // Of its stream; given when it is first handed to MQTT, else 0.
  std::uint64_t epoch = 0;
  std::uint32_t sequence = 0;
  std::string topic;
  std::vector<std::byte> payload;
  Properties properties;
  Qos qos = Qos::at_least_once;
  Retain retain = Retain::no;
  Priority priority = Priority::normal;
  Order order = Order::oldest_first;
  std::string key;                 ///< not empty: it replaces what waits with this topic and key
  std::optional<Instant> due;      ///< it goes out no later than this; empty: at once
  std::optional<Instant> expires;  ///< it is worthless after this
  Durable durable = Durable::never();
  /// Whose loss at the stop it is: the app's, nobody's (the SDK's own), or none, because it is kept
  /// elsewhere and sent by the next process.
  enum class Loss : std::uint8_t { of_app, of_nobody, none } loss = Loss::of_app;
  std::function<void(const Stored&)> on_stored;
  std::function<void(const Delivery&)> on_done;
  std::vector<Waiter> merged;  ///< later readings of its stream, which are in its payload
  std::size_t readings = 1;    ///< in its payload, those included that nobody waits for any more

  std::size_t bytes() const {
    return topic.size() + payload.size() + key.size() + properties.size();
  }
};

/// A message that is safe now, and who wants to know.
struct Written {
  MessageId id = 0;
  std::function<void(const Stored&)> on_stored;
};

/// An entry that left without delivery, and why. Of one that was on the disk alone, only `id`,
/// `topic` and `on_done` are told.
struct Casualty {
  Entry entry;
  Failure reason;
};

struct Fill {
  std::size_t waiting = 0;    ///< not handed to MQTT, in memory or not
  std::size_t held_back = 0;  ///< of those, what the budget does not let through
  std::size_t under_way = 0;  ///< handed to MQTT, not settled
  std::size_t unstored = 0;   ///< durable, and not written yet
  std::size_t bytes = 0;      ///< of all
};

}  // namespace holdfast::outbox
