// Errors: what happened (`Errc`), and what the caller can do about it (`Condition`).
//
// Options are checked at once and reported by a `ConfigError`, which names the field, the value and
// the mend. All that happens later arrives as a `std::error_code` of Holdfast's category, together
// with a sentence that names the value that was wrong; compare it with a `Condition` to decide what
// to do: `if (receipt.error == holdfast::Condition::retry_later) …`.
//
// Threads: every function here may be called from any thread.

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <holdfast/export.hpp>

namespace holdfast {

/// What happened. The values are stable: they may be logged and compared across releases.
enum class Errc {
  // What the app asked for.
  invalid_topic = 1,      ///< a topic that MQTT forbids (MQTT 5 section 4.7)
  invalid_filter = 2,     ///< a topic filter that MQTT forbids
  payload_too_large = 3,  ///< above `limits::kMaxPayloadBytes`, or above what the broker takes
  outbox_full = 4,        ///< the outbox has reached its bound of messages or bytes
  expired = 5,            ///< its time to live ended before it could be delivered
  closed = 6,             ///< the device was stopped
  too_many = 7,           ///< more subscriptions or streams than the limits allow
  invalid_options = 8,    ///< an option that is out of its range
  replaced = 9,           ///< a newer message with the same key took its place
  kept = 10,              ///< the device was stopped first; it is stored, and sent by the next one

  // Reaching the broker.
  name_not_resolved = 20,   ///< the broker's name has no address
  unreachable = 21,         ///< no route, or no answer from any address
  connection_refused = 22,  ///< the host answered, the port is closed
  timed_out = 23,           ///< no answer within the bound of this step
  connection_lost = 24,     ///< the connection ended
  proxy_refused = 25,       ///< the HTTP proxy does not let this device or this broker through

  // TLS.
  not_tls = 40,           ///< the peer does not speak TLS
  tls_failed = 41,        ///< the handshake failed: version, suite, alert, bad proof
  identity_refused = 42,  ///< the peer proved a key that is not pinned
  pin_set_refused = 43,   ///< a signed pin set that may not be trusted, or is not newer
  pin_set_expired = 44,   ///< the pin set should have been replaced by now

  // MQTT.
  protocol_error = 60,       ///< the peer broke MQTT's rules, or does not speak MQTT
  bad_credentials = 61,      ///< user name or password refused
  not_authorised = 62,       ///< the broker does not allow this
  client_id_refused = 63,    ///< the broker does not accept this client identifier
  unsupported_version = 64,  ///< the broker does not speak this version of MQTT
  server_busy = 65,          ///< the broker is busy, unavailable or limits the rate
  banned = 66,               ///< the broker has banned this client
  session_taken_over = 67,   ///< another client connected with the same client identifier
  topic_refused = 68,        ///< the broker refused the topic or the filter
  payload_refused = 69,      ///< the broker refused the payload's format or size
  quota_exceeded = 70,       ///< a quota of the broker is used up
  refused_by_broker = 71,    ///< refused for a reason that has no code of its own here
  server_moved = 72,         ///< the broker tells the device that it has moved for good (0x9D)
  set_aside = 74,            ///< connection after connection ended while this message was under way
  use_another_server = 73,   ///< the broker tells the device to use another server for now (0x9C)

  // Payloads.
  malformed_payload = 80,  ///< not a valid FlatBuffer: truncated, or offsets that lead nowhere
  foreign_payload = 81,    ///< a FlatBuffer of another schema (file identifier)
  unknown_layout = 82,     ///< a series of another declaration: ask for its description
  invalid_reading = 83,    ///< a reading that its series' declaration has no place for

  // The SDK's surroundings.
  handler_failed = 90,    ///< an app's handler threw
  inbound_overflow = 91,  ///< handlers are slower than the messages that arrive
  system_failure = 92,    ///< the operating system refused a resource
  budget_used_up = 93,    ///< the month's bytes are used up, and `UsedUp::stop` was asked for
  storage_failed = 94,    ///< a file in `state_dir` cannot be written

  // Commands, as their caller is told.
  command_failed = 100,       ///< it was run, and ended with an error
  command_refused = 101,      ///< it was not run
  command_interrupted = 102,  ///< the device went down while it ran: nobody knows how far it came
  reply_lost = 103,           ///< it was run before, and what it answered is no longer known
};

/// What the caller can do.
enum class Condition {
  retry_later = 1,        ///< it may succeed by itself; the SDK is trying, or the app may
  fix_configuration = 2,  ///< it will not succeed before an option or the broker is changed
  identity_refused = 3,   ///< the broker is not the one that was pinned, or its key was replaced
  expired = 4,            ///< it came too late
  closed = 5,             ///< the device was stopped
  refused = 6,            ///< the broker understood and declined
};

/// The category of all errors of Holdfast; its name is "holdfast".
HOLDFAST_EXPORT const std::error_category& error_category() noexcept;
HOLDFAST_EXPORT std::error_code make_error_code(Errc error) noexcept;
HOLDFAST_EXPORT std::error_condition make_error_condition(Condition condition) noexcept;

/// Thrown by `Device`'s constructor and by the calls that set a device up (`subscribe`, `on`,
/// `stream`), before anything was done: an option that cannot work. Nothing else throws it.
class HOLDFAST_EXPORT ConfigError : public std::invalid_argument {
 public:
  /// @param field the option, as it is written in code, for instance "pins[1]"
  /// @param value what it was set to; secrets are never repeated here
  /// @param mend  what to write instead, as a sentence
  ConfigError(std::string_view field, std::string_view value, std::string_view mend);

  const std::string& field() const noexcept { return field_; }
  const std::string& value() const noexcept { return value_; }
  const std::string& mend() const noexcept { return mend_; }

 private:
  std::string field_;
  std::string value_;
  std::string mend_;
};

}  // namespace holdfast

template <>
struct std::is_error_code_enum<holdfast::Errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<holdfast::Condition> : std::true_type {};
