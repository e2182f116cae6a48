#include "child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace holdfast::cli {
namespace {

constexpr int kNotRun = 127;  // as a shell says it

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The later ones come first, since getenv takes the first that it finds.
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> all;
  all.reserve(more.size());
  for (const auto& [name, value] : more) all.push_back(std::string(name).append("=").append(value));
  for (char** at = environ; *at != nullptr; ++at) all.emplace_back(*at);
  return all;
}

// What the child does until it is another program. Only system calls: locks that other threads of
// this process held are held for ever in it.
[[noreturn]] void become(char* const* argv, char* const* environment, pid_t parent, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kNotRun);  // it ended before the line above
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (output >= 0) {
    ::setsid();
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
  }
  ::execvpe(argv[0], argv, environment);
  const std::array<const char*, 4> words{argv[0], " cannot be run: ", ::strerrordesc_np(errno),
                                         "\n"};
  for (const char* text : words) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
  }
  ::_exit(kNotRun);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv, const ChildOptions& options) {
  std::vector<std::string> words = argv;
  std::vector<std::string> variables = environment_with(options.environment);
  const auto word_pointers = pointers_to(words);
  const auto variable_pointers = pointers_to(variables);
  std::array<int, 2> pipe{-1, -1};
  if (options.in_background && ::pipe2(pipe.data(), O_CLOEXEC) != 0) fail("pipe2");
  output_ = pipe[0];
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(word_pointers.data(), variable_pointers.data(), parent, pipe[1]);
  const int error = errno;
  if (pipe[1] >= 0) ::close(pipe[1]);
  // Not pidfd_open: the header of Debian 12's C library does not say that it is C.
  if (pid_ > 0) descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (descriptor_ >= 0) return;
  if (pid_ > 0) {
    signal(SIGKILL);
    wait();
  }
  if (output_ >= 0) ::close(output_);
  throw std::system_error(pid_ < 0 ? error : ENOSYS, std::generic_category(), argv.front());
}

ChildProcess::~ChildProcess() {
  signal(SIGKILL);
  wait();
  ::close(descriptor_);
  if (output_ >= 0) ::close(output_);
}

void ChildProcess::signal(int signal_number) const {
  if (!code_) ::kill(pid_, signal_number);
}

int ChildProcess::end(std::chrono::milliseconds patience) {
  signal(SIGTERM);
  signal(SIGCONT);  // one that was stopped would never hear of it
  pollfd ended{descriptor_, POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(patience.count())) == 0) signal(SIGKILL);
  return wait();
}

int ChildProcess::wait() {
  while (!code_) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, 0);
    if (reaped < 0 && errno == EINTR) continue;
    if (reaped < 0) {
      code_ = kNotRun;
    } else {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  return *code_;
}

}  // namespace holdfast::cli
