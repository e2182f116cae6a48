// What the main thread of pub and sub sleeps on: a note from a handler, a line on stdin, Ctrl-C, or
// the deadline.

#pragma once

#include <chrono>
#include <optional>

namespace holdfast::cli {

class Wake {
 public:
  /// From now on SIGINT and SIGTERM are told here and do not end the process. To be made before a
  /// device, whose threads must not receive them. @throws std::system_error
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  /// From any thread.
  void notify() noexcept;

  struct Reasons {
    bool interrupted = false;  ///< for good, once a signal came
    bool timed_out = false;
    bool input = false;        ///< `input_fd` can be read, or has ended
    bool reader_gone = false;  ///< nobody reads the pipe `output_fd` any more
  };
  /// @param input_fd -1: none  @param output_fd the same
  Reasons wait(std::optional<std::chrono::steady_clock::time_point> deadline, int input_fd = -1,
               int output_fd = -1);

 private:
  int event_ = -1;
  int signal_ = -1;
  bool interrupted_ = false;
};

}  // namespace holdfast::cli
