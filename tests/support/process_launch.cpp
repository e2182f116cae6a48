#include "support/process_launch.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace holdfast::test {
namespace {

[[noreturn]] void throw_errno(const char* step) {
  throw std::system_error(errno, std::generic_category(), step);
}

void close_and_forget(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool names_variable(const std::string& entry, const std::string& name) {
  return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
}

std::vector<std::string> merged_environment(const ProcessOptions& options) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) merged.emplace_back(*entry);
  for (const auto& [name, value] : options.environment) {
    std::erase_if(merged, [&](const std::string& entry) { return names_variable(entry, name); });
    merged.push_back(name + "=" + value);
  }
  return merged;
}

}  // namespace

Process::Launch::Launch(std::vector<std::string> argv, const ProcessOptions& options)
    : argv_(std::move(argv)),
      environment_(merged_environment(options)),
      argv_pointers_(pointers_to(argv_)),
      environment_pointers_(pointers_to(environment_)),
      working_directory_(options.working_directory.string()) {
  if (argv_.empty()) throw std::runtime_error("Process needs the name of a program");
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) throw_errno("pipe2");
  parent_output_ = output[0];
  child_output_ = output[1];
  if (options.input == ProcessOptions::Input::kNothing) {
    child_input_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (child_input_ < 0) throw_errno("open /dev/null");
    return;
  }
  // A socket, not a pipe: a write to a dead child then gives EPIPE by
  // MSG_NOSIGNAL and no SIGPIPE to the test.
  int input[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0) throw_errno("socketpair");
  parent_input_ = input[0];
  child_input_ = input[1];
}

Process::Launch::~Launch() {
  for (int* fd : {&child_input_, &child_output_, &parent_input_, &parent_output_}) {
    close_and_forget(*fd);
  }
}

int Process::Launch::take_output_fd() {
  return std::exchange(parent_output_, -1);
}

int Process::Launch::take_input_fd() {
  return std::exchange(parent_input_, -1);
}

pid_t Process::Launch::fork_and_exec() {
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) throw_errno("pipe2");
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become_child(parent, report[1]);
  const int fork_error = errno;
  ::close(report[1]);
  close_and_forget(child_input_);
  close_and_forget(child_output_);
  // exec closes the child's end: no byte means that the program runs.
  int failure = 0;
  const bool failed = child > 0 && ::read(report[0], &failure, sizeof failure) > 0;
  ::close(report[0]);
  if (child < 0) throw std::system_error(fork_error, std::generic_category(), "fork");
  if (!failed) return child;
  ::waitpid(child, nullptr, 0);
  throw std::system_error(failure, std::generic_category(), "cannot run " + argv_[0]);
}

void Process::Launch::become_child(pid_t parent, int report_fd) noexcept {
  const auto give_up = [report_fd] {
    const int failure = errno;
    [[maybe_unused]] const ssize_t written = ::write(report_fd, &failure, sizeof failure);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
  // The parent may have died before the line above: nobody would kill us then.
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (::dup2(child_input_, STDIN_FILENO) < 0 || ::dup2(child_output_, STDOUT_FILENO) < 0 ||
      ::dup2(child_output_, STDERR_FILENO) < 0) {
    give_up();
  }
  // A socket of the test that lived on in the child would hold back its FIN.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (!working_directory_.empty() && ::chdir(working_directory_.c_str()) != 0) give_up();
  ::execvpe(argv_pointers_[0], argv_pointers_.data(), environment_pointers_.data());
  give_up();
  ::_exit(127);
}

}  // namespace holdfast::test
