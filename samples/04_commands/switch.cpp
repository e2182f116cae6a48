#include "switch.hpp"

#include <system_error>
#include <utility>

#include "common/duration.hpp"

namespace commands {
namespace {

using namespace std::chrono_literals;

// What the system may take for a line besides the pulse: milliseconds, on an expander behind a slow
// bus a tenth of a second.
constexpr auto kSlack = 2s;

holdfast::CommandError refusal(Refusal code, std::string text) {
  return {.code = code, .text = std::move(text)};
}

std::string milliseconds(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + "ms";
}

const char* name_of(bool on) {
  return on ? "on" : "off";
}

}  // namespace

Switch::Switch(std::string name, Line& line, std::chrono::milliseconds max_pulse, Time time)
    : name_(std::move(name)), line_(line), max_pulse_(max_pulse), time_(std::move(time)) {}

Outcome Switch::obey(const Command& command, std::optional<Instant> deadline) {
  {
    const std::lock_guard lock(mutex_);
    began_ = time_.now();
  }
  Outcome outcome = refusal(kLineFailed, "");
  try {
    outcome = do_verb(command, deadline);
  } catch (const std::system_error& error) {
    outcome = refusal(kLineFailed, error.what());
  }
  const std::lock_guard lock(mutex_);
  began_.reset();
  return outcome;
}

Outcome Switch::do_verb(const Command& command, std::optional<Instant> deadline) {
  const std::string_view verb = command.verb()->string_view();
  const std::string_view argument =
      command.argument() == nullptr ? std::string_view() : command.argument()->string_view();
  if (verb == "pulse") return pulse(argument, deadline);
  if (!argument.empty()) {
    return refusal(kBadArgument, "\"" + std::string(argument) + "\": only pulse has an argument");
  }
  if (verb == "on" || verb == "off") return set(verb == "on");
  if (verb == "read") return state();
  return refusal(kUnknownVerb, "\"" + std::string(verb) +
                                   "\" is no verb here; there are on, off, pulse and read");
}

bool Switch::is_busy() const {
  const std::lock_guard lock(mutex_);
  return began_.has_value();
}

bool Switch::hangs() const {
  const std::lock_guard lock(mutex_);
  return began_ && time_.now() - *began_ > max_pulse_ + kSlack;
}

Outcome Switch::set(bool on) {
  line_.set(on);
  const bool is_on = line_.get();
  if (is_on == on) return state();
  return refusal(kNotSwitched, name_ + " was switched " + name_of(on) + " and is " +
                                   name_of(is_on) + "; look at the wiring");
}

Outcome Switch::pulse(std::string_view length, std::optional<Instant> deadline) {
  const auto time = sample::parse_duration(length);
  if (!time || *time == 0ms) {
    return refusal(kBadArgument,
                   "\"" + std::string(length) + "\" is no length of a pulse; write 500ms or 2s");
  }
  if (*time > max_pulse_) {
    return refusal(kTooLong, "a pulse of " + milliseconds(*time) + " is longer than " +
                                 milliseconds(max_pulse_) + ", which is as long as may be");
  }
  if (deadline && time_.now() + *time > *deadline) {
    return refusal(kTooLong,
                   "a pulse of " + milliseconds(*time) + " would end after the command's deadline");
  }
  Outcome went_on = set(true);
  const bool is_on = std::holds_alternative<LineStateT>(went_on);
  const bool is_whole = is_on && time_.wait(*time);
  Outcome went_off = set(false);  // whatever came of the first
  if (!is_on) return went_on;
  if (!is_whole && std::holds_alternative<LineStateT>(went_off)) {
    return refusal(kCutShort, "the program was told to end: the pulse was shorter than " +
                                  milliseconds(*time) + ", and the line is off");
  }
  return went_off;
}

Outcome Switch::state() {
  LineStateT state;
  state.line = name_;
  state.is_on = line_.get();
  return state;
}

}  // namespace commands
