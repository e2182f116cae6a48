#include "network/private_network.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {
namespace {

std::string reason;

std::string failed(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

std::string bring_loopback_up() {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP;
  const bool up = ::ioctl(descriptor, SIOCSIFFLAGS, &request) == 0;
  const std::string why = up ? "" : failed("loopback");
  ::close(descriptor);
  return why;
}

// Gone with the mount namespace, that is, with the process.
std::string name_our_own_name_server() {
  static const TempDir folder;
  const std::string file =
      folder.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n").string();
  if (::mount(file.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0) {
    return failed("mount resolv.conf");
  }
  return "";
}

std::string enter() {
  if (::access("/usr/sbin/ip", X_OK) != 0) return "the command ip (iproute2) is not installed";
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return failed("new namespaces");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return failed("private mounts");
  }
  if (std::string why = bring_loopback_up(); !why.empty()) return why;
  return name_our_own_name_server();
}

}  // namespace

std::string enter_private_network() {
  reason = enter();
  return reason;
}

const std::string& why_no_private_network() {
  return reason;
}

void in_far_network(const std::function<void()>& action) {
  std::exception_ptr thrown;
  std::thread far([&] {
    try {
      if (::unshare(CLONE_NEWNET) != 0) throw std::runtime_error(failed("a far namespace"));
      if (const std::string why = bring_loopback_up(); !why.empty()) throw std::runtime_error(why);
      action();
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  far.join();
  if (thrown) std::rethrow_exception(thrown);
}

void ip(const std::string& arguments, int process) {
  std::vector<std::string> command;
  if (process != 0) command = {"nsenter", "-t", std::to_string(process), "-n"};
  command.emplace_back("/usr/sbin/ip");
  std::istringstream words(arguments);
  for (std::string word; words >> word;) command.push_back(word);
  const RunResult result = run(command, std::chrono::seconds(20));
  if (result.status != 0) throw std::runtime_error("ip " + arguments + ": " + result.output);
}

}  // namespace holdfast::test
