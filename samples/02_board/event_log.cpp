#include "event_log.hpp"

namespace board {

std::string to_line(const holdfast::Event& event) {
  const std::string kind(holdfast::to_string(event.kind));
  const std::string& detail = event.detail;
  if (detail.starts_with(kind)) return detail;  // "connected to …" needs no "connected:"
  if (!detail.empty()) return kind + ": " + detail;
  return event.error ? kind + ": " + event.error.message() : kind;
}

void EventLog::write(const holdfast::Event& event) {
  std::fprintf(out_, "%s\n", to_line(event).c_str());
  std::fflush(out_);  // a log that is piped should not lag behind

  const std::lock_guard lock(mutex_);
  if (event.kind == holdfast::EventKind::connected) was_connected_ = true;
  if (event.kind == holdfast::EventKind::connect_failed) last_error_ = event.error;
}

bool EventLog::was_connected() const {
  const std::lock_guard lock(mutex_);
  return was_connected_;
}

std::error_code EventLog::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

}  // namespace board
