// EventLog: writes a device's events as plain lines, and remembers what the exit code depends on.
// Where its stream is the journal, each line says how much it matters (sd-daemon(3)), so that
// `journalctl -p warning` shows what went wrong and nothing else.
//
// Threads: `write` is called by any thread, the rest by main's.

#pragma once

#include <cstdio>
#include <holdfast/event.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

namespace sample {

/// How much a line matters; the numbers are those of syslog(3).
enum class Level { error = 3, warning = 4, notice = 5, info = 6 };

/// An error is what somebody has to mend; a warning is what mends itself, or may.
Level level_of(const holdfast::Event& event);

/// One line for a person, without its end.
std::string to_line(const holdfast::Event& event);

/// Whether the journal is what reads `out`: JOURNAL_STREAM names it by device and inode.
bool is_journal(std::FILE* out);

class EventLog {
 public:
  /// @param out stays open while this object lives
  explicit EventLog(std::FILE* out) : out_(out), has_levels_(is_journal(out)) {}

  void write(const holdfast::Event& event);
  void write(Level level, std::string_view line);

  /// Whether the broker has ever let the device in.
  bool was_connected() const;
  /// Why the last attempt to connect failed; empty if none did.
  std::error_code last_error() const;

 private:
  std::FILE* out_;
  bool has_levels_;
  mutable std::mutex mutex_;
  bool was_connected_ = false;
  std::error_code last_error_;
};

}  // namespace sample
