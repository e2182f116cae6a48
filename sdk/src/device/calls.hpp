// The calls of this device that wait for their answers, and how each of them ends: once, on the
// handler thread.
//
// Threads: any.

#pragma once

#include <mutex>
#include <optional>
#include <string>

#include <holdfast/command.hpp>
#include <holdfast/message.hpp>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "commands/call_table.hpp"

namespace holdfast::device {

class Shared;

class Calls {
 public:
  explicit Calls(Shared& shared) : shared_(shared) {}

  /// @return why it cannot wait, or no failure
  Failure add(const std::string& id, Instant deadline, detail::CallHandler handler);
  /// It was never sent; nobody is told.
  void drop(const std::string& id);

  /// A message has come to where answers come. On the handler thread.
  void replied(const Message& message);
  /// The command's own message has come to a bad end.
  void failed(const std::string& id, const Delivery& delivery);
  /// Ends what has waited for too long.
  void expire(Instant now);
  /// The device has stopped.
  void close();

  std::optional<Instant> next_deadline() const;

 private:
  void post(detail::CallHandler handler, std::error_code error, std::string text);

  Shared& shared_;
  mutable std::mutex mutex_;
  commands::CallTable<detail::CallHandler> table_;
};

}  // namespace holdfast::device
