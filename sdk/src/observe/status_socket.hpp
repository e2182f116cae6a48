// The socket on which a running device tells how it is: one request line from each client, one
// answer, or a stream. Clients can ask, and change nothing. docs/formats/status-socket.md is what
// is said on it.
//
// It lets in the user of this process and root. All of it is bounded (limits.hpp), and runs on the
// executor's thread between other work: a client that is slow, silent or greedy costs the device a
// few system calls.
//
// Threads: the executor's only.

#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <asio/any_io_executor.hpp>

#include <holdfast/limits.hpp>

#include "base/failure.hpp"
#include "observe/request.hpp"

namespace holdfast::observe {

/// The end of a stream at its client: lines of JSON.
class Stream {
 public:
  virtual ~Stream() = default;
  /// False once the client has gone, or was too slow for too long: nobody will read any more.
  virtual bool is_open() const = 0;
  /// @param line without its end. One that finds no room is left out, and the client is told how
  /// many were: {"left_out":N}
  virtual void send(std::string line) = 0;
};

/// An answer of bytes that comes to be while the client reads it. What finds no room meanwhile is
/// the source's own matter.
class Source {
 public:
  virtual ~Source() = default;
  /// @param ready is called when something waits after nothing did; never from within a call of
  ///        the source's own
  virtual void on_ready(std::function<void()> ready) = 0;
  /// All that waits; empty: nothing does.
  virtual std::string take() = 0;
  /// The client wants no more, or the device ends: what `take` gives from now on is the last.
  virtual void finish() = 0;
  virtual bool finished() const = 0;
};

struct Answer {
  std::string text;  ///< all of it; of a stream its first lines
  /// The answer goes on: called once with what to send the rest to, which is kept as long as
  /// something comes. Empty: that was all.
  std::function<void(std::shared_ptr<Stream>)> go_on{};
  /// What comes instead of a text; it goes when the client does.
  std::unique_ptr<Source> source{};
};

class StatusSocket {
 public:
  struct Events {
    std::function<Answer(const Request&)> answer;
    /// Something that a person should know.
    std::function<void(std::string)> warning;
  };

  /// @param patience for request and answer as a whole; of a stream, how long it may be left unread
  StatusSocket(asio::any_io_executor executor, Events events,
               std::chrono::milliseconds patience = limits::kStatusTime);
  ~StatusSocket();
  StatusSocket(const StatusSocket&) = delete;
  StatusSocket& operator=(const StatusSocket&) = delete;

  /// Makes the socket in `state_dir` and serves it. One that a dead process has left is replaced,
  /// one of a process that lives is not.
  Failure open(const std::filesystem::path& state_dir);
  /// Ends all clients, and removes the socket.
  void close();

 private:
  class Server;
  std::shared_ptr<Server> server_;
};

}  // namespace holdfast::observe
