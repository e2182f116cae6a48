#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "support/process.hpp"

namespace holdfast::test {

// Launch holds all that a child needs, made before the fork: between fork and
// exec of a threaded process only async-signal-safe calls are allowed, so no
// allocation.
struct Process::Launch {
  Launch(std::vector<std::string> argv, const ProcessOptions& options);
  ~Launch();
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  // Forks and executes; throws std::runtime_error with the name of the step that
  // failed in the child.
  pid_t fork_and_exec();

  int take_output_fd();
  int take_input_fd();

 private:
  [[noreturn]] void become_child(pid_t parent, int report_fd) noexcept;

  std::vector<std::string> argv_;
  std::vector<std::string> environment_;
  std::vector<char*> argv_pointers_;
  std::vector<char*> environment_pointers_;
  std::string working_directory_;
  int child_input_ = -1;
  int child_output_ = -1;
  int parent_input_ = -1;
  int parent_output_ = -1;
};

}  // namespace holdfast::test
