#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include "support/process_launch.hpp"

namespace holdfast::test {
namespace {

constexpr std::chrono::seconds kTermBound{5};
constexpr std::size_t kLongestLineBytes = 64U << 10U;

// By number: <sys/pidfd.h> of glibc 2.36 has no extern "C", so its
// pidfd_open() does not link in C++.
int open_pid_fd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace

Process::Process(std::vector<std::string> argv, ProcessOptions options)
    : max_output_bytes_(options.max_output_bytes) {
  Launch launch(std::move(argv), options);
  std::promise<pid_t> started;
  std::future<pid_t> pid = started.get_future();
  // The thread owns the promise: it is still inside set_value() when get() returns.
  thread_ = std::thread(
      [this, &launch, started = std::move(started)]() mutable { run(launch, started); });
  try {
    pid.get();
  } catch (...) {
    thread_.join();
    throw;
  }
  input_fd_ = launch.take_input_fd();
}

Process::~Process() {
  terminate();
  thread_.join();
  if (input_fd_ >= 0) ::close(input_fd_);
}

std::unique_ptr<Process> Process::spawn(std::vector<std::string> argv, ProcessOptions options) {
  return std::make_unique<Process>(std::move(argv), std::move(options));
}

void Process::run(Launch& launch, std::promise<pid_t>& started) {
  int output_fd = -1;
  int pid_fd = -1;
  pid_t child = -1;
  try {
    child = launch.fork_and_exec();
    pid_fd = open_pid_fd(child);
    if (pid_fd < 0) {
      const int error = errno;
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
      throw std::system_error(error, std::generic_category(), "pidfd_open");
    }
    output_fd = launch.take_output_fd();
  } catch (...) {
    started.set_exception(std::current_exception());
    return;
  }
  ::fcntl(output_fd, F_SETFL, O_NONBLOCK);
  {
    const std::lock_guard lock(mutex_);
    pid_ = child;
  }
  started.set_value(child);  // `launch` may be gone from here on.
  read_until_exit(output_fd, pid_fd);
  ::close(output_fd);
  ::close(pid_fd);
}

void Process::read_until_exit(int output_fd, int pid_fd) {
  pollfd sources[2] = {{output_fd, POLLIN, 0}, {pid_fd, POLLIN, 0}};
  while (true) {
    if (::poll(sources, 2, -1) < 0) continue;  // EINTR
    if (sources[0].revents != 0 && !drain(output_fd)) sources[0].fd = -1;
    if (sources[1].revents == 0) continue;
    // What it wrote last is still in the pipe. Waiting for the end of the pipe
    // instead would wait for grandchildren that have inherited it.
    drain(output_fd);
    reap();
    return;
  }
}

// False at the end of the stream.
bool Process::drain(int output_fd) {
  char buffer[16384];
  while (true) {
    const ssize_t got = ::read(output_fd, buffer, sizeof buffer);
    if (got > 0) {
      take({buffer, static_cast<std::size_t>(got)});
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    return got < 0 && errno == EAGAIN;
  }
}

void Process::take(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    for (const char byte : bytes) {
      if (byte == '\n') {
        finish_line();
        continue;
      }
      unfinished_.push_back(byte);
      if (unfinished_.size() >= kLongestLineBytes) finish_line();
    }
  }
  changed_.notify_all();
}

void Process::finish_line() {
  kept_bytes_ += unfinished_.size() + 1;
  lines_.push_back(std::exchange(unfinished_, {}));
  while (kept_bytes_ > max_output_bytes_) {
    kept_bytes_ -= lines_.front().size() + 1;
    lines_.pop_front();
    ++forgotten_lines_;
  }
}

void Process::reap() {
  {
    const std::lock_guard lock(mutex_);
    // As long as the zombie is there its number cannot be given to another
    // process, so the group is surely ours; and signal() holds the same lock.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ends_within_line_ = !unfinished_.empty();
    if (ends_within_line_) finish_line();
  }
  changed_.notify_all();
}

bool Process::running() const {
  const std::lock_guard lock(mutex_);
  return !status_.has_value();
}

bool Process::find_line(const std::function<bool(const std::string&)>& wanted,
                        std::chrono::milliseconds bound, std::string* found) const {
  std::unique_lock lock(mutex_);
  std::size_t next = 0;  // Counts forgotten lines too, so no line is looked at twice.
  const auto search = [&] {
    for (next = std::max(next, forgotten_lines_); next < forgotten_lines_ + lines_.size(); ++next) {
      const std::string& line = lines_[next - forgotten_lines_];
      if (!wanted(line)) continue;
      if (found != nullptr) *found = line;
      ++next;
      return true;
    }
    return false;
  };
  bool hit = false;
  changed_.wait_for(lock, bound, [&] { return (hit = search()) || status_.has_value(); });
  return hit;
}

std::optional<std::string> Process::wait_for_line(std::string_view substring,
                                                  std::chrono::milliseconds bound) const {
  return wait_for_line(
      [substring](const std::string& line) { return line.find(substring) != std::string::npos; },
      bound);
}

std::optional<std::string> Process::wait_for_line(const std::regex& regex,
                                                  std::chrono::milliseconds bound) const {
  return wait_for_line([&](const std::string& line) { return std::regex_search(line, regex); },
                       bound);
}

std::optional<std::string> Process::wait_for_line(
    const std::function<bool(const std::string&)>& wanted, std::chrono::milliseconds bound) const {
  std::string found;
  if (!find_line(wanted, bound, &found)) return std::nullopt;
  return found;
}

bool Process::wait_for_lines(std::string_view substring, std::size_t count,
                             std::chrono::milliseconds bound) const {
  if (count == 0) return true;
  std::size_t seen = 0;
  const auto is_last = [&](const std::string& line) {
    return line.find(substring) != std::string::npos && ++seen == count;
  };
  return find_line(is_last, bound, nullptr);
}

std::size_t Process::count_lines(std::string_view substring) const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const std::string& line : lines_) {
    if (line.find(substring) != std::string::npos) ++count;
  }
  return count;
}

std::string Process::output() const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const std::string& line : lines_) all.append(line).push_back('\n');
  if (ends_within_line_) all.pop_back();
  return all + unfinished_;
}

bool Process::write_input(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(input_fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Process::signal(int signal_number) {
  const std::lock_guard lock(mutex_);
  return !status_.has_value() && ::kill(pid_, signal_number) == 0;
}

std::optional<int> Process::wait_exit(std::chrono::milliseconds bound) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, bound, [&] { return status_.has_value(); });
  return status_;
}

int Process::terminate() {
  signal(SIGTERM);
  signal(SIGCONT);  // One that a test has stopped could not answer SIGTERM.
  if (const auto status = wait_exit(kTermBound)) return *status;
  return kill();
}

int Process::kill() {
  signal(SIGKILL);
  std::unique_lock lock(mutex_);
  // No bound: SIGKILL cannot be refused, and without its end the object could
  // not end either.
  changed_.wait(lock, [&] { return status_.has_value(); });
  return *status_;
}

RunResult run(std::vector<std::string> argv, std::chrono::milliseconds bound,
              ProcessOptions options) {
  Process process(std::move(argv), std::move(options));
  const std::optional<int> status = process.wait_exit(bound);
  if (!status) process.kill();
  return {status.value_or(-1), process.output()};
}

}  // namespace holdfast::test
