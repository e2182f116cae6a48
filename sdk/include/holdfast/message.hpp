// What passes between the app and the device: a received message, the receipt of a publish, and
// what became of it.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <holdfast/options.hpp>

namespace holdfast {

/// Identifies an accepted message within one device, counted from 1; with durable messages, across
/// its restarts.
using MessageId = std::uint64_t;

/// A message that the broker sent. It is the handler's own: it may be moved from.
struct Message {
  std::string topic;
  std::vector<std::byte> payload;
  Qos qos = Qos::at_most_once;
  Retain retain = Retain::no;  ///< `yes`: stored by the broker, not published just now

  // What its sender tells besides, with MQTT 5 (section 3.3.2.3); empty: nothing. It is as foreign
  // as the payload is.
  std::string content_type;
  std::string response_topic;  ///< where an answer is expected
  std::vector<std::byte> correlation_data;
  /// It is worthless from then on (Message Expiry). What the broker had left of it when it sent the
  /// message counts from the arrival here.
  std::optional<std::chrono::steady_clock::time_point> expires;
  std::vector<std::pair<std::string, std::string>> user_properties;
};

/// The answer to a publish: accepted into the outbox, or refused at once. A refusal that nobody
/// looks at is not silent: it is counted and reported as an event too.
struct Receipt {
  MessageId id = 0;       ///< 0 when refused
  std::error_code error;  ///< empty when accepted
  std::string detail;     ///< when refused: the value that was wrong, and the mend

  explicit operator bool() const noexcept { return !error; }
};

/// What became of an accepted message.
struct Delivery {
  MessageId id = 0;
  std::error_code error;  ///< empty: delivered (QoS 0: taken by TLS; else acknowledged)
  std::string detail;
};

/// Whether an accepted durable message outlives the process now.
struct Stored {
  MessageId id = 0;
  std::error_code error;  ///< empty: it is written, or was acknowledged before it had to be
  std::string detail;
};

/// The payload of text, without a copy.
inline std::span<const std::byte> as_payload(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// The text of a payload, without a copy; nothing is checked about its encoding.
inline std::string_view as_text(std::span<const std::byte> payload) noexcept {
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

}  // namespace holdfast
