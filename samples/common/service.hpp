// Service: what a program that runs on tells the service manager (sd_notify(3)): when it is ready,
// how it is, that it still works, that it ends. Datagrams to a socket that the manager names in the
// environment; where there is none, nothing is told.
//
// READY=1 is told with the first session, so that `systemctl start` says whether the broker was
// reached and is who it should be; or after `kReadyPatience` without one, because a device that is
// out of reach works all the same: it keeps its messages, and must not be restarted for that.
//
// WATCHDOG=1 comes from the loop that does the work, behind the work (`tend`), and from no thread
// of its own: a loop that hangs tells nothing, and the manager begins anew.
//
// Threads: `note`, `status` and `ready` from any; the rest by main's loop.

#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <chrono>
#include <holdfast/event.hpp>
#include <string>
#include <string_view>

#include "common/descriptor.hpp"

namespace sample {

/// How long "ready" waits for a session: what a start takes on a slow link, and well below the 90 s
/// (DefaultTimeoutStartSec=) after which systemd gives a start up.
inline constexpr std::chrono::seconds kReadyPatience{30};

class Service {
 public:
  /// What the manager has said.
  struct Environment {
    std::string socket;                     ///< NOTIFY_SOCKET: a path, or @ and an abstract name
    std::chrono::microseconds watchdog{0};  ///< WATCHDOG_USEC, if it is meant for this process
  };
  static Environment environment();

  explicit Service(const Environment& told = environment(),
                   std::chrono::milliseconds patience = kReadyPatience);

  /// READY=1, once; later calls do nothing.
  void ready();
  /// STATUS=: the line that `systemctl status` shows.
  void status(std::string_view line);
  /// Ready with the first session, and the status of what became of it.
  void note(const holdfast::Event& event);
  /// STOPPING=1, with the last status.
  void stopping(std::string_view line);

  /// Timers that the loop waits for besides its own work.
  int patience() const { return patience_.get(); }
  int watchdog() const { return watchdog_.get(); }
  /// Called by the loop behind its work. @param progress false: something hangs, so that a restart
  /// is wanted: the watchdog is not fed
  void tend(bool progress = true);

 private:
  void send(std::string_view text) const;

  Descriptor socket_;
  sockaddr_un address_{};
  socklen_t address_bytes_ = 0;
  std::atomic<bool> is_ready_ = false;
  bool has_progress_ = true;
  Timer patience_;
  Timer watchdog_;
};

}  // namespace sample
