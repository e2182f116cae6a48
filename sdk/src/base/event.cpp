#include <holdfast/event.hpp>

#include <array>
#include <cstdio>
#include <string_view>

namespace holdfast {
namespace {

// Topics, names and reasons come from others: none of them begins a line of its own in a log, or
// steers the terminal on which somebody reads it. C1 controls are two bytes in UTF-8.
std::string on_one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
    const bool is_c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;
    if (byte >= 0x20 && byte != 0x7F && !is_c1) {
      line += text[at];
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02X", is_c1 ? next : byte);
    line += escape.data();
    if (is_c1) ++at;
  }
  return line;
}

}  // namespace

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
  const std::string detail = on_one_line(event.detail);
  if (detail.starts_with(kind)) return detail;  // "connected to …" says it already
  if (!detail.empty()) return kind + ": " + detail;
  return event.error ? kind + ": " + event.error.message() : kind;
}

}  // namespace holdfast
