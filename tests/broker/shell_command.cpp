#include "shell_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "base/descriptor.hpp"
#include "wire/interruption.hpp"

extern char** environ;

namespace holdfast::broker_test {
namespace {

constexpr std::size_t kKeptOutput = 2'000;

struct Child {
  pid_t process = -1;
  Descriptor output;
};

Child start(const std::string& command) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe for a command");
  Descriptor reading(pipe[0]);
  const Descriptor writing(pipe[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string shell = "/bin/sh";
  std::string option = "-c";
  std::string text = command;
  std::array<char*, 4> words{shell.data(), option.data(), text.data(), nullptr};
  Child child{-1, std::move(reading)};
  const int error =
      ::posix_spawn(&child.process, shell.c_str(), &actions, &attributes, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::runtime_error("a command could not be started: " + command);
  return child;
}

// Empty: it has not ended. A broker that it leaves running keeps the pipe open, so the end of the
// output does not tell.
bool has_ended(pid_t process, int& status) {
  return ::waitpid(process, &status, WNOHANG) == process;
}

}  // namespace

void run_command(const std::string& command, Deadline deadline) {
  Child child = start(command);
  std::string output;
  int status = 0;
  const auto kill_it = [&] {
    ::kill(-child.process, SIGKILL);
    ::waitpid(child.process, &status, 0);
  };
  while (!has_ended(child.process, status)) {
    if (deadline.over() || interrupted()) {
      kill_it();
      stop_if_interrupted();
      throw std::runtime_error("the command was not over in time: " + command + "\n" + output);
    }
    pollfd wanted{child.output.get(), POLLIN, 0};
    constexpr int kStep = 20;  // ms; waitpid has no bound of its own
    if (::poll(&wanted, 1, kStep) <= 0 || (wanted.revents & POLLIN) == 0) continue;
    std::array<char, 512> bytes{};
    const auto count = ::read(child.output.get(), bytes.data(), bytes.size());
    if (count > 0) output.append(bytes.data(), static_cast<std::size_t>(count));
    if (output.size() > kKeptOutput) output.erase(0, output.size() - kKeptOutput);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw std::runtime_error("the command failed: " + command + "\n" + output);
  }
}

}  // namespace holdfast::broker_test
