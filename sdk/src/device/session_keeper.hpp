// Which sessions at brokers are this device's own (session/session_marks.hpp), kept across
// restarts.
//
// Threads: the worker's thread only; the constructor and `forget` anywhere before that. It is
// written at the first login to a broker, once in the life of a device.

#pragma once

#include <optional>
#include <string>

#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "session/session_marks.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

class SessionKeeper {
 public:
  SessionKeeper(const Settings& settings, Shared& shared);

  /// Tells what a person should know of what was found.
  void begin();

  /// None is this device's own any more, from the next start on as well. For what it rests on was
  /// lost: the memory of the commands. To be called before there is a keeper.
  static Failure forget(const Settings& settings);

  /// Whether the login to this broker has to drop what the broker keeps for the client identifier.
  /// Without a state directory nobody knows whose that is: it is dropped for a device that takes
  /// commands, and kept for all others.
  bool starts_clean(const std::string& broker) const;
  void logged_in(const std::string& broker);

 private:
  Shared& shared_;
  std::optional<state::Slots> slots_;
  session::SessionMarks marks_;
  std::string remark_;
};

}  // namespace holdfast::device
