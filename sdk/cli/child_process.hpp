// A program that a sub-command runs, and that does not outlive it.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::cli {

struct ChildOptions {
  /// Added to this process's environment.
  std::vector<std::pair<std::string, std::string>> environment = {};
  /// Its stdout and stderr go into a pipe (`output`), and what is typed at the terminal, Ctrl-C
  /// included, does not reach it.
  bool in_background = false;
};

/// Threads: to be made by one that lives as long as the child shall (prctl(2), PR_SET_PDEATHSIG).
class ChildProcess {
 public:
  /// Runs `argv`, looked up in PATH. One that cannot be run says so on its stderr and ends with
  /// 127.
  /// @throws std::system_error where nothing can be forked
  explicit ChildProcess(const std::vector<std::string>& argv, const ChildOptions& options = {});
  /// Kills what still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Can be read from its end on.
  int descriptor() const { return descriptor_; }
  /// The pipe of a child in the background, else -1.
  int output() const { return output_; }
  void signal(int signal_number) const;
  /// SIGTERM, and after `patience` SIGKILL. @return as `wait`
  int end(std::chrono::milliseconds patience);
  /// Waits for its end. @return its exit code, or 128 and the number of the signal that ended it
  int wait();

 private:
  pid_t pid_ = -1;
  int descriptor_ = -1;
  int output_ = -1;
  std::optional<int> code_;
};

}  // namespace holdfast::cli
