#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace view {
namespace {

constexpr std::string_view kNotExecuted = "cannot be executed\n";
constexpr std::size_t kMaxLineBytes = 65'536;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
  sample::Descriptor read_end;
  sample::Descriptor write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe2");
  Pipe pipe{sample::Descriptor(ends[0]), sample::Descriptor(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
  return pipe;
}

/// What the child does until it is another program: system calls only, since the other threads of
/// this process, and the locks that they held, are not there any more.
[[noreturn]] void become(char* const* argv, pid_t parent, int out, int err) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execv(argv[0], argv);
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, kNotExecuted.data(), kNotExecuted.size());
  ::_exit(127);
}

}  // namespace

std::vector<std::string> LineReader::take() {
  std::vector<std::string> lines;
  std::array<char, 4096> buffer{};
  while (fd_) {
    const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      fd_.reset();
      if (!rest_.empty()) lines.push_back(std::exchange(rest_, {}));
      break;
    }
    for (ssize_t i = 0; i < count; ++i) {
      const char c = buffer[static_cast<std::size_t>(i)];
      if (c != '\n' && rest_.size() < kMaxLineBytes) rest_ += c;
      if (c == '\n') lines.push_back(std::exchange(rest_, {}));
    }
  }
  return lines;
}

Child::Child(const std::vector<std::string>& argv) {
  std::vector<std::string> copies = argv;
  std::vector<char*> pointers;
  pointers.reserve(copies.size() + 1);
  for (std::string& copy : copies) pointers.push_back(copy.data());
  pointers.push_back(nullptr);
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) become(pointers.data(), parent, out.write_end.get(), err.write_end.get());
  out_ = LineReader(std::move(out.read_end));
  err_ = LineReader(std::move(err.read_end));
}

Child::~Child() {
  signal(SIGKILL);
  wait();
}

void Child::signal(int signal_number) const {
  if (!exit_) ::kill(pid_, signal_number);
}

int Child::wait() {
  while (!exit_) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, 0);
    if (reaped < 0 && errno == EINTR) continue;
    if (reaped < 0) exit_ = 127;
    if (reaped > 0) exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return *exit_;
}

}  // namespace view
