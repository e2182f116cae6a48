// Switch: what the verbs of a command do to a line. No I/O of its own and no clock, so that each
// refusal is tested in microseconds.
//
//   on, off      switches
//   pulse 500ms  on for so long, and off again
//   read         only tells
//
// Threads: `obey` on the device's handler thread, which runs one command after another; the others
// on any.

#pragma once

#include <chrono>
#include <functional>
#include <holdfast/command.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "command_generated.h"
#include "line.hpp"
#include "line_state_generated.h"

namespace commands {

/// What a caller gets as `CommandError::code`. The numbers are part of what is promised.
enum Refusal : int {
  kUnknownVerb = 1,
  kBadArgument = 2,
  kTooLong = 3,      ///< longer than a pulse may be, or than the command is worth something
  kLineFailed = 4,   ///< the system could not switch or read it
  kNotSwitched = 5,  ///< it was told, and read back it is as before: a short circuit, a fuse
  kCutShort = 6,     ///< the program ends: the pulse was shorter, and the line is off
};

using Instant = std::chrono::steady_clock::time_point;
using Outcome = holdfast::CommandResult<LineState>;

class Switch {
 public:
  struct Time {
    std::function<Instant()> now = [] { return std::chrono::steady_clock::now(); };
    /// @return false if it came back earlier, because the program ends
    std::function<bool(std::chrono::milliseconds)> wait;
  };

  /// @param name of the line, for answers  @param line outlives it
  Switch(std::string name, Line& line, std::chrono::milliseconds max_pulse, Time time);

  /// @param deadline the answer is worth nothing from then on
  Outcome obey(const Command& command, std::optional<Instant> deadline);

  /// Whether a command is at it.
  bool is_busy() const;
  /// Whether a command has been at it for so long that it will hardly end.
  bool hangs() const;

 private:
  Outcome do_verb(const Command& command, std::optional<Instant> deadline);
  Outcome set(bool on);
  Outcome pulse(std::string_view length, std::optional<Instant> deadline);
  Outcome state();

  const std::string name_;
  Line& line_;
  const std::chrono::milliseconds max_pulse_;
  const Time time_;
  mutable std::mutex mutex_;
  std::optional<Instant> began_;
};

}  // namespace commands
