// A snapshot of a device: its state, its counters and its bill.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/export.hpp>

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
HOLDFAST_EXPORT std::string_view to_string(State state) noexcept;

/// What an IP byte was for. Every byte has one cause.
enum class Cause : std::uint8_t {
  handshake,     ///< TLS handshakes, a proxy's CONNECT, TLS's own end of a connection
  tickets,       ///< what the broker sent for later resumptions
  keep_alive,    ///< PINGREQ and PINGRESP; TCP's probes and their answers, headers included
  mqtt_control,  ///< CONNECT, SUBSCRIBE, DISCONNECT, their answers; a PUBLISH without its payload
  acknowledgements,  ///< PUBACK, PUBREC, PUBREL and PUBCOMP
  payload,           ///< of messages both ways, a stream's envelope included
  retransmission,    ///< TCP segments that went or came a second time, headers included
  headers,           ///< of IP, TCP and TLS records
  dns,               ///< name resolution; an estimate (`Ledger`)
};
inline constexpr std::size_t kCauses = 9;

/// The name of a cause as it is written above.
HOLDFAST_EXPORT std::string_view to_string(Cause cause) noexcept;

/// Bytes from the device and to it.
struct ByteCount {
  std::uint64_t up = 0;
  std::uint64_t down = 0;

  std::uint64_t sum() const noexcept { return up + down; }
};

/// What some connections, or some time, have cost: IP bytes by cause. The sum of the causes is the
/// total.
struct Account {
  std::uint64_t connections = 0;  ///< TCP connections that were established
  std::uint64_t segments_up = 0;
  std::uint64_t segments_down = 0;
  std::array<ByteCount, kCauses> by_cause{};  ///< by the number of the `Cause`

  ByteCount& operator[](Cause cause) noexcept { return by_cause[static_cast<std::size_t>(cause)]; }
  const ByteCount& operator[](Cause cause) const noexcept {
    return by_cause[static_cast<std::size_t>(cause)];
  }
  ByteCount ip_bytes() const noexcept {
    ByteCount all;
    for (const ByteCount& bytes : by_cause) {
      all.up += bytes.up;
      all.down += bytes.down;
    }
    return all;
  }
};

/// What one day has cost.
struct DayAccount {
  std::chrono::sys_days day;  ///< in UTC
  Account account;
};

/// What the connections of this device cost, as the carrier counts it: IP packets with their
/// headers, retransmissions included. The kernel's counters (TCP_INFO) are exact for a connection
/// without losses. What they do not tell is estimated, and never too low: the SACK options and the
/// second copies of a line with losses, the closing segments, and name resolution, whose packets
/// are the C library's. A name that was answered from a cache is counted as if it had been asked
/// for.
///
/// Days are told apart once the device knows the time (`Device::set_time`, or a synchronised system
/// clock); what was spent before is filled in then, as far as it is remembered.
struct Ledger {
  // Since the device was made.
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
  Account made;                      ///< the same, by cause

  Account connection;            ///< the connection that stands, or the last one
  std::vector<DayAccount> days;  ///< oldest first; at most `limits::kLedgerDays`
  Account unknown_day;           ///< spent while nobody knew what day it was
  Account installation;          ///< since `state_dir` is in use; without one as `made`

  std::uint64_t ip_bytes() const noexcept { return ip_bytes_up + ip_bytes_down; }
};

/// Which messages the budget lets through.
enum class Admission : std::uint8_t { everything, all_but_low, urgent_only, nothing };

/// The name of an admission as it is written above.
HOLDFAST_EXPORT std::string_view to_string(Admission admission) noexcept;

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
  std::uint64_t accepted = 0;   ///< publishes taken into the outbox
  std::uint64_t delivered = 0;  ///< acknowledged (QoS 0: taken by TLS)
  std::uint64_t refused = 0;    ///< refused by the broker for good
  std::uint64_t dropped = 0;    ///< no room, expired, connection ended (QoS 0 and 2), stopped
  std::uint64_t replaced = 0;   ///< a newer message with their key took their place
  std::uint64_t stored = 0;     ///< written to the disk
  std::uint64_t received = 0;   ///< messages that reached a handler's queue
  std::uint64_t unhandled = 0;  ///< messages no filter of ours matches
  std::uint64_t rejected_payloads = 0;  ///< payloads that failed their verification
  std::uint64_t inbound_dropped = 0;    ///< messages dropped because handlers are too slow
  std::uint64_t events_dropped = 0;
  std::uint64_t intruders = 0;     ///< foreign processes dropped at the private pipe
  std::uint64_t pin_failures = 0;  ///< handshakes refused because of the key
  std::uint64_t commands_run = 0;
  std::uint64_t commands_repeated = 0;  ///< second copies, answered from memory
  std::uint64_t commands_refused = 0;   ///< not run, or not once more, for any other reason
  std::uint64_t foreign_replies = 0;    ///< answers that belong to no call that waits
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
