#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::test {

struct ProcessOptions {
  enum class Input { kNothing, kKeptOpen };

  // Added to, or put in place of, what this process has in its environment.
  std::vector<std::pair<std::string, std::string>> environment{};
  // Empty: the one of this process.
  std::filesystem::path working_directory{};
  // kNothing is /dev/null; kKeptOpen never ends and takes write_input().
  Input input = Input::kNothing;
  // The oldest lines are forgotten beyond it.
  std::size_t max_output_bytes = 16U << 20U;
};

// Process is a program that runs no longer than its object: the destructor
// terminates it, and the kernel kills it when this process dies in any way.
//
// A thread of the object's own forks, reads and reaps. That is not only for
// reading: PR_SET_PDEATHSIG fires when the *thread* that forked ends, so this
// has to be a thread that outlives the child. The child leads a process group,
// and whatever is left of the group is killed when the child ends.
//
// Members may be called from any thread; not movable.
class Process {
 public:
  // Runs argv[0] (looked up in PATH). Throws std::runtime_error when it cannot be
  // executed.
  explicit Process(std::vector<std::string> argv, ProcessOptions options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  static std::unique_ptr<Process> spawn(std::vector<std::string> argv, ProcessOptions options = {});

  pid_t pid() const { return pid_; }
  bool running() const;

  // wait_for_line returns the first line (stdout and stderr are one stream, in
  // the order of writing) that contains or matches; lines before the call count.
  // nullopt when none came within `bound` or the process ended without.
  std::optional<std::string> wait_for_line(std::string_view substring,
                                           std::chrono::milliseconds bound) const;
  std::optional<std::string> wait_for_line(const std::regex& regex,
                                           std::chrono::milliseconds bound) const;
  // `wanted` sees each line once, in order, so it may count.
  std::optional<std::string> wait_for_line(const std::function<bool(const std::string&)>& wanted,
                                           std::chrono::milliseconds bound) const;
  // wait_for_lines is true when `count` lines contain `substring` within `bound`.
  bool wait_for_lines(std::string_view substring, std::size_t count,
                      std::chrono::milliseconds bound) const;
  std::size_t count_lines(std::string_view substring) const;
  // All that is kept, a last line without its end included.
  std::string output() const;

  // write_input is for Input::kKeptOpen; false when the process has closed it.
  bool write_input(std::string_view bytes);

  // False when the process has ended already.
  bool signal(int signal_number);
  // The exit code, or 128 + signal number as a shell tells it.
  std::optional<int> wait_exit(std::chrono::milliseconds bound) const;
  // SIGTERM, after 5 s SIGKILL to the group; returns the exit status.
  int terminate();
  // SIGKILL at once; returns when the process has been reaped.
  int kill();

 private:
  struct Launch;

  void run(Launch& launch, std::promise<pid_t>& started);
  void read_until_exit(int output_fd, int pid_fd);
  bool drain(int output_fd);
  void take(std::string_view bytes);
  void finish_line();
  void reap();
  bool find_line(const std::function<bool(const std::string&)>& wanted,
                 std::chrono::milliseconds bound, std::string* found) const;

  const std::size_t max_output_bytes_;
  int input_fd_ = -1;
  pid_t pid_ = -1;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::string> lines_;
  std::size_t forgotten_lines_ = 0;
  std::size_t kept_bytes_ = 0;
  std::string unfinished_;
  bool ends_within_line_ = false;
  std::optional<int> status_;
  std::thread thread_;
};

struct RunResult {
  int status = -1;  // As wait_exit(); -1 when killed because the bound was over.
  std::string output;
};

// run executes a one-shot command and waits for its end.
RunResult run(std::vector<std::string> argv, std::chrono::milliseconds bound,
              ProcessOptions options = {});

}  // namespace holdfast::test
