#include "support/link/network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <system_error>
#include <thread>

namespace holdfast::test::link {
namespace {

std::string& refusal() {
  static std::string text = "the test program has not called leave_for_private_network()";
  return text;
}

[[noreturn]] void throw_errno(const std::string& step) {
  throw std::system_error(errno, std::generic_category(), step);
}

std::string explain_errno(const std::string& step) {
  return step + " is not permitted here: " + std::generic_category().message(errno);
}

// A descriptor that is closed at the end of the scope.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

int open_own_network() {
  const int descriptor = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_errno("/proc/thread-self/ns/net");
  return descriptor;
}

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  return request;
}

void set_up(const std::string& name) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) throw_errno("socket");
  ifreq request = request_for(name);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) throw_errno("flags of " + name);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) throw_errno("bringing up " + name);
}

bool write_file(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  return static_cast<bool>(file.flush());
}

// The user and the group keep their numbers, so that files keep their owner.
bool enter_user_namespace() {
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  return ::unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", user + " " + user + " 1") &&
         write_file("/proc/self/gid_map", group + " " + group + " 1");
}

}  // namespace

std::string leave_for_private_network() {
  if (::geteuid() != 0 && !enter_user_namespace()) {
    return refusal() = explain_errno("a user namespace");
  }
  if (::unshare(CLONE_NEWNET) != 0) return refusal() = explain_errno("a network namespace");
  try {
    set_up("lo");
    const Tun trial("10.77.0.1", "fd77::1");
  } catch (const std::system_error& error) {
    return refusal() = std::string("no TUN device can be made here: ") + error.what();
  }
  refusal().clear();
  return {};
}

std::string why_no_links() {
  return refusal();
}

// A network begins with a thread that leaves its own; that thread is one of ours alone.
Network::Network() {
  std::exception_ptr failure;
  std::thread([this, &failure] {
    try {
      if (::unshare(CLONE_NEWNET) != 0) throw_errno("unshare");
      set_up("lo");
      descriptor_ = open_own_network();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

Network::~Network() {
  ::close(descriptor_);
}

Inside::Inside(const Network& network) : home_(open_own_network()) {
  if (::setns(network.descriptor(), CLONE_NEWNET) == 0) return;
  const int error = errno;
  ::close(home_);
  throw std::system_error(error, std::generic_category(), "setns");
}

Inside::~Inside() {
  // A thread that stayed in the wrong network would make every later test a riddle.
  if (::setns(home_, CLONE_NEWNET) != 0) std::terminate();
  ::close(home_);
}

Tun::Tun(const std::string& ipv4, const std::string& ipv6)
    : descriptor_(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
  if (descriptor_ < 0) throw_errno("/dev/net/tun");
  try {
    ifreq request = request_for("tun%d");  // the kernel finds a number
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI);
    if (::ioctl(descriptor_, TUNSETIFF, &request) != 0) throw_errno("TUNSETIFF");
    name_ = request.ifr_name;
    set_address(ipv4);
    set_up(name_);
    set_address6(ipv6);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Tun::~Tun() {
  ::close(descriptor_);
}

void Tun::change_address(const std::string& ipv4) {
  set_address(ipv4);
}

void Tun::drop_address() {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) throw_errno("socket");
  ifreq request = request_for(name_);
  sockaddr_in none{};
  none.sin_family = AF_INET;
  std::memcpy(&request.ifr_addr, &none, sizeof none);
  if (::ioctl(socket.get(), SIOCSIFADDR, &request) != 0) throw_errno("no address");
}

void Tun::set_address(const std::string& ipv4) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) throw_errno("socket");
  ifreq request = request_for(name_);
  const auto set = [&](unsigned long what, const std::string& address) {
    sockaddr_in value{};
    value.sin_family = AF_INET;
    ::inet_pton(AF_INET, address.c_str(), &value.sin_addr);
    std::memcpy(&request.ifr_addr, &value, sizeof value);
    if (::ioctl(socket.get(), what, &request) != 0) throw_errno("address " + address);
  };
  set(SIOCSIFADDR, ipv4);
  set(SIOCSIFNETMASK, "255.255.255.0");
}

void Tun::set_address6(const std::string& ipv6) {
  const Descriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) throw_errno("socket");
  ifreq index = request_for(name_);
  if (::ioctl(socket.get(), SIOCGIFINDEX, &index) != 0) throw_errno("index of " + name_);
  in6_ifreq request{};
  ::inet_pton(AF_INET6, ipv6.c_str(), &request.ifr6_addr);
  request.ifr6_prefixlen = 64;
  request.ifr6_ifindex = index.ifr_ifindex;
  if (::ioctl(socket.get(), SIOCSIFADDR, &request) != 0) throw_errno("address " + ipv6);
}

}  // namespace holdfast::test::link
