#include "common/event_log.hpp"

#include <sys/stat.h>

#include <cstdlib>

namespace sample {

Level level_of(const holdfast::Event& event) {
  using holdfast::EventKind;
  switch (event.kind) {
    case EventKind::key_refused:
    case EventKind::storage_failed:
    case EventKind::message_refused:
    case EventKind::message_set_aside:
    case EventKind::subscription_refused:
    case EventKind::handler_failed:
      return Level::error;
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
      return Level::warning;
    case EventKind::disconnected:
      return event.error ? Level::notice : Level::info;
    default:
      return Level::info;
  }
}

std::string to_line(const holdfast::Event& event) {
  const std::string kind(holdfast::to_string(event.kind));
  const std::string& detail = event.detail;
  if (detail.starts_with(kind)) return detail;  // "connected to …" needs no "connected:"
  if (!detail.empty()) return kind + ": " + detail;
  return event.error ? kind + ": " + event.error.message() : kind;
}

bool is_journal(std::FILE* out) {
  const char* told = std::getenv("JOURNAL_STREAM");
  struct stat is {};
  if (told == nullptr || ::fstat(::fileno(out), &is) != 0) return false;
  return std::to_string(is.st_dev) + ":" + std::to_string(is.st_ino) == told;
}

void EventLog::write(const holdfast::Event& event) {
  write(level_of(event), to_line(event));
  const std::lock_guard lock(mutex_);
  if (event.kind == holdfast::EventKind::connected) was_connected_ = true;
  if (event.kind == holdfast::EventKind::connect_failed) last_error_ = event.error;
}

void EventLog::write(Level level, std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (has_levels_) std::fprintf(out_, "<%d>", static_cast<int>(level));
  std::fprintf(out_, "%.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(out_);  // a log that is piped should not lag behind
}

bool EventLog::was_connected() const {
  const std::lock_guard lock(mutex_);
  return was_connected_;
}

std::error_code EventLog::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

}  // namespace sample
