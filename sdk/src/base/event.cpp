#include <holdfast/event.hpp>

namespace holdfast {

Severity severity_of(const Event& event) noexcept {
  switch (event.kind) {
    case EventKind::key_refused:
    case EventKind::storage_failed:
    case EventKind::message_refused:
    case EventKind::message_set_aside:
    case EventKind::subscription_refused:
    case EventKind::handler_failed:
      return Severity::error;
    case EventKind::connect_failed:
    case EventKind::message_dropped:
    case EventKind::message_unhandled:
    case EventKind::payload_rejected:
    case EventKind::inbound_overflow:
    case EventKind::events_dropped:
    case EventKind::intruder:
    case EventKind::pin_set_refused:
    case EventKind::pin_set_expired:
    case EventKind::duplicate_client_id:
    case EventKind::command_refused:
    case EventKind::reply_unexpected:
    case EventKind::state_refused:
    case EventKind::budget_used:
    case EventKind::budget_projection:
    case EventKind::warning:
      return Severity::warning;
    case EventKind::trace_began:
    case EventKind::trace_ended:
      return Severity::notice;
    case EventKind::disconnected:
      return event.error ? Severity::notice : Severity::info;
    default:
      return Severity::info;
  }
}

std::string to_line(const Event& event) {
  std::string kind(to_string(event.kind));
  if (event.detail.starts_with(kind)) return event.detail;  // "connected to …" says it already
  if (!event.detail.empty()) return kind + ": " + event.detail;
  return event.error ? kind + ": " + event.error.message() : kind;
}

}  // namespace holdfast
