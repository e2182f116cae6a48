// A snapshot of a device: its state, its counters and its bill.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

enum class State {
  idle,        ///< not started
  connecting,  ///< name, TCP, TLS and pin, MQTT login
  connected,   ///< messages flow
  waiting,     ///< the next attempt comes after the backoff
  resting,     ///< hung up, because nobody needs the line; dialled again when a message is due
  stopping,
  stopped,
};

/// The name of a state as it is written above.
std::string_view to_string(State state) noexcept;

/// What the connections of this device cost since it was made, as the carrier counts it: IP
/// packets with their headers, retransmissions included, taken from the kernel (TCP_INFO).
/// The sum is exact but for the closing segments of a connection that did not end cleanly.
struct Ledger {
  std::uint64_t connections = 0;         ///< TCP connections that were established
  std::uint64_t full_handshakes = 0;     ///< TLS handshakes that ended in a positive verdict
  std::uint64_t resumed_handshakes = 0;  ///< the same, by a ticket of an earlier connection
  std::uint64_t ip_bytes_up = 0;
  std::uint64_t ip_bytes_down = 0;
  std::uint64_t segments_up = 0;
  std::uint64_t segments_down = 0;
  std::uint64_t tls_bytes_up = 0;  ///< TLS records, that is TCP payload
  std::uint64_t tls_bytes_down = 0;
  std::uint64_t tls_records_up = 0;  ///< application data records written

  std::uint64_t ip_bytes() const noexcept { return ip_bytes_up + ip_bytes_down; }
};

/// Which messages the budget lets through.
enum class Admission : std::uint8_t { everything, all_but_low, urgent_only, nothing };

/// The name of an admission as it is written above.
std::string_view to_string(Admission admission) noexcept;

/// How the month stands (`Options::budget`). Bytes are those of `Ledger::ip_bytes`.
struct BudgetStatus {
  std::uint64_t allowance = 0;  ///< of a month
  std::uint64_t used = 0;       ///< of it, since the month began
  /// What the month will have taken if it goes on as since it began; empty in its first tenth, and
  /// while nobody knows the date.
  std::optional<std::uint64_t> projection;
  std::optional<std::uint64_t> renews;  ///< seconds since 1970; empty while nobody knows the date
  unsigned batching_factor = 1;         ///< by which delay budgets are stretched
  Admission admission = Admission::everything;
};

/// Counters since the device was made.
struct Counters {
  std::uint64_t accepted = 0;           ///< publishes taken into the outbox
  std::uint64_t delivered = 0;          ///< acknowledged (QoS 0: taken by TLS)
  std::uint64_t refused = 0;            ///< refused by the broker for good
  std::uint64_t dropped = 0;            ///< expired, connection ended (QoS 0 and 2), or stopped
  std::uint64_t received = 0;           ///< messages that reached a handler's queue
  std::uint64_t unhandled = 0;          ///< messages no filter of ours matches
  std::uint64_t rejected_payloads = 0;  ///< payloads that failed their verification
  std::uint64_t inbound_dropped = 0;    ///< messages dropped because handlers are too slow
  std::uint64_t events_dropped = 0;
  std::uint64_t intruders = 0;     ///< foreign processes dropped at the private pipe
  std::uint64_t pin_failures = 0;  ///< handshakes refused because of the key
};

struct Status {
  State state = State::idle;
  std::string address;                ///< the broker's address, while connected
  std::string vouching_pin;           ///< the pin that matched, while connected
  bool tls_resumed = false;           ///< by a ticket of an earlier connection, while connected
  std::uint64_t pin_set_version = 0;  ///< of the newest set; 0: the app's own pins
  bool pin_set_proven = true;         ///< a connection has rested on it
  std::uint64_t waiting = 0;          ///< messages in the outbox, those under way included
  std::uint64_t under_way = 0;        ///< handed to MQTT, not yet acknowledged
  Counters counters;
  Ledger ledger;
  std::optional<BudgetStatus> budget;  ///< of a device that has one
};

}  // namespace holdfast
