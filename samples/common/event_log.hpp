// EventLog: writes a device's events as lines, and remembers what the exit code depends on. Plain
// lines, unless it is given a sink of another kind (02_board has spdlog's). Where the stream is the
// journal, each line says how much it matters (sd-daemon(3)), so that `journalctl -p warning` shows
// what went wrong and nothing else.
//
// Threads: `write` is called by any thread, the rest by main's.

#pragma once

#include <cstdio>
#include <functional>
#include <holdfast/event.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace sample {

/// How much a line matters.
using Level = holdfast::Severity;

/// Whether the journal is what reads `out`: JOURNAL_STREAM names it by device and inode.
bool is_journal(std::FILE* out);

class EventLog {
 public:
  /// Takes one line, without its end; called by one thread at a time.
  using Sink = std::function<void(Level, std::string_view)>;

  /// @param out stays open while this object lives
  explicit EventLog(std::FILE* out) : EventLog(plain_lines(out)) {}
  explicit EventLog(Sink sink) : sink_(std::move(sink)) {}

  void write(const holdfast::Event& event);
  void write(Level level, std::string_view line);

  /// Whether the broker has ever let the device in.
  bool was_connected() const;
  /// Why the last attempt to connect failed; empty if none did.
  std::error_code last_error() const;

 private:
  static Sink plain_lines(std::FILE* out);

  const Sink sink_;
  mutable std::mutex mutex_;
  bool was_connected_ = false;
  std::error_code last_error_;
};

}  // namespace sample
