#include "common/event_log.hpp"

#include <sys/stat.h>

#include <cstdlib>

namespace sample {

bool is_journal(std::FILE* out) {
  const char* told = std::getenv("JOURNAL_STREAM");
  struct stat is {};
  if (told == nullptr || ::fstat(::fileno(out), &is) != 0) return false;
  return std::to_string(is.st_dev) + ":" + std::to_string(is.st_ino) == told;
}

EventLog::Sink EventLog::plain_lines(std::FILE* out) {
  return [out, has_levels = is_journal(out)](Level level, std::string_view line) {
    if (has_levels) std::fprintf(out, "<%d>", static_cast<int>(level));
    std::fprintf(out, "%.*s\n", static_cast<int>(line.size()), line.data());
    std::fflush(out);  // a log that is piped should not lag behind
  };
}

void EventLog::write(const holdfast::Event& event) {
  write(holdfast::severity_of(event), holdfast::to_line(event));
  const std::lock_guard lock(mutex_);
  if (event.kind == holdfast::EventKind::connected) was_connected_ = true;
  if (event.kind == holdfast::EventKind::connect_failed) last_error_ = event.error;
}

void EventLog::write(Level level, std::string_view line) {
  const std::lock_guard lock(mutex_);
  sink_(level, line);
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
