// Child: a program that this one runs, whose lines it reads, and which does not outlive it.

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "common/descriptor.hpp"

namespace view {

/// The lines that come through a pipe.
class LineReader {
 public:
  LineReader() = default;
  explicit LineReader(sample::Descriptor fd) : fd_(std::move(fd)) {}

  /// Reads what is there, and returns the lines that are complete. At the end of the pipe the last
  /// line is returned as well, and `get` becomes -1.
  std::vector<std::string> take();
  int get() const { return fd_.get(); }

 private:
  sample::Descriptor fd_;
  std::string rest_;
};

/// Not thread-safe. It has to be made by a thread that lives as long as the child is to live: the
/// kernel ends the child with the thread that forked it (prctl(2), PR_SET_PDEATHSIG).
class Child {
 public:
  /// Runs `argv`. Throws std::system_error where it cannot fork.
  explicit Child(const std::vector<std::string>& argv);
  /// Kills what still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Nothing happens once it has been reaped.
  void signal(int signal_number) const;
  /// Waits for the end, which should be near: both pipes are at their end, or it was killed.
  /// @return the exit code, or 128 plus the number of the signal.
  int wait();

  LineReader& out() { return out_; }
  LineReader& err() { return err_; }
  bool at_end() const { return out_.get() < 0 && err_.get() < 0; }

 private:
  LineReader out_;
  LineReader err_;
  pid_t pid_ = -1;
  std::optional<int> exit_;
};

}  // namespace view
