// count_wire: runs a program against a server of this machine, and says what its connections took
// on the wire: IP packets with their headers, both ways.
//
//   count_wire --to PORT -- PROGRAM ARGUMENT…      {port} in an argument is the port to connect to
//
// The last line is "wire: 12345 bytes, 210 packets, 1 connections". Exit codes: the program's, 2
// usage.

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "relayed_bytes.hpp"

namespace {

std::string with_port(std::string argument, std::uint16_t port) {
  const std::string mark = "{port}";
  for (std::size_t at = argument.find(mark); at != std::string::npos; at = argument.find(mark)) {
    argument.replace(at, mark.size(), std::to_string(port));
  }
  return argument;
}

// What runs in the child until it is another program: system calls only.
[[noreturn]] void become(char* const* argv, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // it does not outlive us
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

// Passes on what asks us to end. @return its exit code, or 128 and the signal that ended it
int run_program(std::vector<std::string> arguments, sample::EndSignals& signals) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return sample::kIncomplete;
  if (pid == 0) become(pointers.data(), parent);
  // Readable once it has ended (pidfd_open(2)).
  const sample::Descriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  int status = 0;
  // A sandbox may forbid that call: then it is waited for, and gets no signals from us.
  while (::waitpid(pid, &status, ended ? WNOHANG : 0) == 0) {
    sample::wait_readable({signals.get(), ended.get()});
    if (const int signal_number = signals.take(); signal_number != 0) ::kill(pid, signal_number);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  std::uint16_t target = 0;
  std::vector<std::string> program;
  CLI::App app("Counts what a program's connections take on the wire.", "count_wire");
  app.add_option("--to", target, "the server's port on 127.0.0.1")
      ->required()
      ->check(CLI::Range(1, 65'535));
  app.add_option("program", program, "after --: the program and its arguments")->required();
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;

  migrate::RelayedBytes relay(target);
  for (std::string& argument : program) argument = with_port(argument, relay.port());
  const int code = run_program(std::move(program), signals);
  const migrate::WireCount count = relay.finish();
  std::printf("wire: %llu bytes, %llu packets, %llu connections\n",
              static_cast<unsigned long long>(count.ip_bytes),
              static_cast<unsigned long long>(count.segments),
              static_cast<unsigned long long>(count.connections));
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("count_wire", [&] { return run(argc, argv); });
}
