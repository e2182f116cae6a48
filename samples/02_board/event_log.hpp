// EventLog: writes a device's events as plain lines, and remembers what the exit code depends on.

#pragma once

#include <cstdio>
#include <holdfast/event.hpp>
#include <mutex>
#include <string>
#include <system_error>

namespace board {

/// One line for a person, without its end.
std::string to_line(const holdfast::Event& event);

/// Threads: `write` is called by the device's handler thread, the rest by main's.
class EventLog {
 public:
  /// @param out stays open while this object lives
  explicit EventLog(std::FILE* out) : out_(out) {}

  void write(const holdfast::Event& event);

  /// Whether the broker has ever let the device in.
  bool was_connected() const;
  /// Why the last attempt to connect failed; empty if none did.
  std::error_code last_error() const;

 private:
  std::FILE* out_;
  mutable std::mutex mutex_;
  bool was_connected_ = false;
  std::error_code last_error_;
};

}  // namespace board
