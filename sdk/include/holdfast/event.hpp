// Events: what a device has to tell besides the messages themselves. Nothing that concerns the app
// is silent: each drop, refusal and failure is an event with its cause and the mend.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <holdfast/export.hpp>

namespace holdfast {

enum class EventKind {
  connecting,            ///< an attempt begins; `detail` names the broker
  connected,             ///< CONNACK arrived; `detail` names the address and the pin that vouched
  connect_failed,        ///< the attempt failed: `error` and `detail` say why, and what mends it
  disconnected,          ///< the connection ended
  waiting,               ///< the next attempt comes after the time in `detail`
  subscribed,            ///< the broker granted the filter in `detail`
  subscription_refused,  ///< the broker refused the filter in `detail`
  message_refused,       ///< the broker refused a publish for good
  message_dropped,       ///< a message was given up: expired, connection ended, or device stopped
  message_unhandled,     ///< a message arrived on a topic that no handler matches
  payload_rejected,      ///< a payload failed its verification and reached no handler
  inbound_overflow,      ///< handlers are too slow: messages were dropped
  events_dropped,        ///< the event handler is too slow: `detail` says how many are missing
  handler_failed,        ///< an app's handler threw; `detail` is what it said
  intruder,              ///< a process that is not ours knocked at the private pipe; it was dropped
  key_refused,           ///< a broker proved a key that is not trusted; see `key_refusal`
  pin_set_accepted,      ///< a signed pin set is the newest one now; `detail` names its version
  pin_set_proven,        ///< a connection rests on it for the first time: it is trusted alone
  pin_set_refused,       ///< a pin set that was offered is not taken: `detail` says why
  pin_set_expired,       ///< the pin set should have been replaced by now
  candidate_pin,         ///< report only: whether the pin in `detail` would have matched
  recovery,              ///< the recovery broker is dialled for a newer pin set
  duplicate_client_id,  ///< another client has, or seems to have, the client identifier in `detail`
  referred,             ///< the broker names another one; `detail` says which, and if it is tried
  resting,              ///< hung up, because holding the line costs more; `detail` has the sums
  budget_used,          ///< half, four fifths or all of the month's allowance is used up
  budget_projection,    ///< the month will take more than its allowance if it goes on like this
  budget_pace,          ///< the budget slows what can wait, or lets it go again
  budget_renewed,       ///< a new billing month has begun
  storage_failed,     ///< the outbox's file cannot be written: `detail` says why, and what mends it
  storage_works,      ///< it can be written again
  message_set_aside,  ///< a durable message went to the dead letters; `detail` says why
  command_refused,    ///< a command was not run, or not once more; `detail` says why
  reply_unexpected,   ///< an answer came that belongs to no call: late, or somebody else's
  state_refused,      ///< a desired state is not newer than the one that we have; `detail` says how
  trace_began,        ///< somebody on this host reads along (docs/guides/tracing.md)
  trace_ended,        ///< nobody does any more
  warning,            ///< anything else that an operator should know
  stopped,            ///< the device has stopped
};

/// The name of a kind as it is written above, for logs.
HOLDFAST_EXPORT std::string_view to_string(EventKind kind) noexcept;

/// A broker's key that no pin matches.
struct KeyRefusal {
  std::string seen;                   ///< its digest, as a pin
  std::vector<std::string> expected;  ///< the pins that were trusted at that moment
  std::uint64_t pin_set_version = 0;  ///< of which version of the pin set; 0: of the app's own pins
};

struct Event {
  EventKind kind = EventKind::warning;
  std::error_code error;  ///< empty where nothing failed
  std::string detail;     ///< one sentence for a person: the cause, the value, the mend
  std::optional<KeyRefusal> key_refusal{};  ///< of `key_refused`
};

/// How much an event matters; the numbers are those of syslog(3).
enum class Severity : std::uint8_t {
  error = 3,    ///< somebody has to mend it
  warning = 4,  ///< it mends itself, or may
  notice = 5,   ///< nothing is wrong, and somebody may wonder
  info = 6,
};

/// The name of a severity as it is written above.
HOLDFAST_EXPORT std::string_view to_string(Severity severity) noexcept;

/// For logs: the SDK itself writes none. `Device::on_event` hands every event to the app's.
HOLDFAST_EXPORT Severity severity_of(const Event& event) noexcept;

/// An event as one line of a log, without its end: the kind and the detail, or what the error says
/// where there is none. Control characters, which may come from others, are written as \\xNN.
HOLDFAST_EXPORT std::string to_line(const Event& event);

}  // namespace holdfast
