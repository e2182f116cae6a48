// Answers who asks a running device how it is: puts together what the worker and the event keeper
// know, for the status socket.
//
// Threads: constructed anywhere; then the io_context's thread only.

#pragma once

#include <optional>

#include <asio/io_context.hpp>

#include "base/clock.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "device/worker.hpp"
#include "observe/snapshot.hpp"
#include "observe/status_socket.hpp"

namespace holdfast::device {

class Observer {
 public:
  Observer(asio::io_context& io, const Settings& settings, Shared& shared, Worker& worker);

  /// The device was started. A test's world has no socket.
  void begin();
  /// The session is over: nobody is answered any more, and the socket is removed.
  void end();

 private:
  observe::Answer answer(const observe::Request& request);
  observe::Answer begin_trace(const observe::Request& request);
  observe::Snapshot look() const;

  asio::io_context& io_;
  const Settings& settings_;
  Shared& shared_;
  Worker& worker_;
  Instant begun_;
  std::optional<observe::StatusSocket> socket_;
};

}  // namespace holdfast::device
