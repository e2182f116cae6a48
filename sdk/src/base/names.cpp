#include <holdfast/event.hpp>
#include <holdfast/status.hpp>
#include <holdfast/version.hpp>

namespace holdfast {

std::string_view to_string(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::connecting:
      return "connecting";
    case EventKind::connected:
      return "connected";
    case EventKind::connect_failed:
      return "connect_failed";
    case EventKind::disconnected:
      return "disconnected";
    case EventKind::waiting:
      return "waiting";
    case EventKind::subscribed:
      return "subscribed";
    case EventKind::subscription_refused:
      return "subscription_refused";
    case EventKind::message_refused:
      return "message_refused";
    case EventKind::message_dropped:
      return "message_dropped";
    case EventKind::message_unhandled:
      return "message_unhandled";
    case EventKind::payload_rejected:
      return "payload_rejected";
    case EventKind::inbound_overflow:
      return "inbound_overflow";
    case EventKind::events_dropped:
      return "events_dropped";
    case EventKind::handler_failed:
      return "handler_failed";
    case EventKind::intruder:
      return "intruder";
    case EventKind::key_refused:
      return "key_refused";
    case EventKind::pin_set_accepted:
      return "pin_set_accepted";
    case EventKind::pin_set_proven:
      return "pin_set_proven";
    case EventKind::pin_set_refused:
      return "pin_set_refused";
    case EventKind::pin_set_expired:
      return "pin_set_expired";
    case EventKind::candidate_pin:
      return "candidate_pin";
    case EventKind::recovery:
      return "recovery";
    case EventKind::duplicate_client_id:
      return "duplicate_client_id";
    case EventKind::referred:
      return "referred";
    case EventKind::resting:
      return "resting";
    case EventKind::budget_used:
      return "budget_used";
    case EventKind::budget_projection:
      return "budget_projection";
    case EventKind::budget_pace:
      return "budget_pace";
    case EventKind::budget_renewed:
      return "budget_renewed";
    case EventKind::storage_failed:
      return "storage_failed";
    case EventKind::storage_works:
      return "storage_works";
    case EventKind::message_set_aside:
      return "message_set_aside";
    case EventKind::command_refused:
      return "command_refused";
    case EventKind::reply_unexpected:
      return "reply_unexpected";
    case EventKind::state_refused:
      return "state_refused";
    case EventKind::trace_began:
      return "trace_began";
    case EventKind::trace_ended:
      return "trace_ended";
    case EventKind::warning:
      return "warning";
    case EventKind::stopped:
      return "stopped";
  }
  return "unknown";
}

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::idle:
      return "idle";
    case State::connecting:
      return "connecting";
    case State::connected:
      return "connected";
    case State::waiting:
      return "waiting";
    case State::resting:
      return "resting";
    case State::stopping:
      return "stopping";
    case State::stopped:
      return "stopped";
  }
  return "unknown";
}

std::string_view to_string(Admission admission) noexcept {
  switch (admission) {
    case Admission::everything:
      return "everything";
    case Admission::all_but_low:
      return "all_but_low";
    case Admission::urgent_only:
      return "urgent_only";
    case Admission::nothing:
      return "nothing";
  }
  return "unknown";
}

std::string_view to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::handshake:
      return "handshake";
    case Cause::tickets:
      return "tickets";
    case Cause::keep_alive:
      return "keep_alive";
    case Cause::mqtt_control:
      return "mqtt_control";
    case Cause::acknowledgements:
      return "acknowledgements";
    case Cause::payload:
      return "payload";
    case Cause::retransmission:
      return "retransmission";
    case Cause::headers:
      return "headers";
    case Cause::dns:
      return "dns";
  }
  return "unknown";
}

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::notice:
      return "notice";
    case Severity::info:
      return "info";
  }
  return "unknown";
}

std::string_view version() noexcept {
  static_assert(kVersionMajor == 0 && kVersionMinor == 1 && kVersionPatch == 0,
                "the text below is the same version");
  return "0.1.0";
}

}  // namespace holdfast
