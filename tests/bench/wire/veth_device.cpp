#include "bench/wire/veth_device.hpp"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

namespace holdfast::bench::wire {
namespace {

[[noreturn]] void throw_errno(const std::string& step) {
  throw std::system_error(errno, std::generic_category(), step);
}

class Descriptor {
 public:
  Descriptor(int descriptor, const char* step) : descriptor_(descriptor) {
    if (descriptor_ < 0) throw_errno(step);
  }
  ~Descriptor() { ::close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// A netlink message, written front to back; attributes may nest.
class Request {
 public:
  Request(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    add_bytes(&header, sizeof header);
    add_device();
  }

  void add_device() {
    const ifinfomsg device{};
    add_bytes(&device, sizeof device);
  }
  void add(std::uint16_t type, const void* data, std::size_t size) {
    const rtattr head{static_cast<std::uint16_t>(sizeof(rtattr) + size), type};
    add_bytes(&head, sizeof head);
    add_bytes(data, size);
  }
  void add(std::uint16_t type, const std::string& text) {
    add(type, text.c_str(), text.size() + 1);
  }
  std::size_t open(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    add(type, nullptr, 0);
    return at;
  }
  void close(std::size_t at) {
    const auto size = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &size, sizeof size);
  }

  void perform(const std::string& step) {
    const auto size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof size);
    const Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
                            "a netlink socket");
    if (::send(socket.get(), bytes_.data(), bytes_.size(), 0) < 0) throw_errno(step);
    alignas(nlmsghdr) unsigned char answer[4096];
    if (::recv(socket.get(), answer, sizeof answer, 0) < 0) throw_errno(step);
    nlmsgerr verdict{};
    std::memcpy(&verdict, answer + NLMSG_HDRLEN, sizeof verdict);
    if (verdict.error == 0) return;
    errno = -verdict.error;
    throw_errno(step);
  }

 private:
  void add_bytes(const void* data, std::size_t size) {
    if (size > 0) {
      const auto* from = static_cast<const unsigned char*>(data);
      bytes_.insert(bytes_.end(), from, from + size);
    }
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }

  std::vector<unsigned char> bytes_;
};

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  return request;
}

void switch_off_offloads(int socket, const std::string& name) {
  for (const int command :
       {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM, ETHTOOL_SSG}) {
    ethtool_value off{static_cast<std::uint32_t>(command), 0};
    ifreq request = request_for(name);
    request.ifr_data = &off;
    // Some cannot be told apart from the others, or are off for good.
    if (::ioctl(socket, SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP && errno != EINVAL) {
      throw_errno("offloads of " + name);
    }
  }
  for (const int command : {ETHTOOL_GTSO, ETHTOOL_GGSO, ETHTOOL_GGRO}) {
    ethtool_value is{static_cast<std::uint32_t>(command), 0};
    ifreq request = request_for(name);
    request.ifr_data = &is;
    if (::ioctl(socket, SIOCETHTOOL, &request) == 0 && is.data != 0) {
      errno = EOPNOTSUPP;
      throw_errno("switching off the offloads of " + name);
    }
  }
}

void set_address(int socket, const std::string& name, unsigned long what,
                 const std::string& address) {
  ifreq request = request_for(name);
  sockaddr_in value{};
  value.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.c_str(), &value.sin_addr);
  std::memcpy(&request.ifr_addr, &value, sizeof value);
  if (::ioctl(socket, what, &request) != 0) throw_errno("address " + address + " of " + name);
}

}  // namespace

void make_veth_pair(const std::string& near, const std::string& far,
                    const test::link::Network& far_network) {
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.add(IFLA_IFNAME, near);
  const std::size_t info = request.open(IFLA_LINKINFO);
  request.add(IFLA_INFO_KIND, std::string("veth"));
  const std::size_t data = request.open(IFLA_INFO_DATA);
  const std::size_t peer = request.open(VETH_INFO_PEER);
  request.add_device();
  request.add(IFLA_IFNAME, far);
  const int network = far_network.descriptor();
  request.add(IFLA_NET_NS_FD, &network, sizeof network);
  request.close(peer);
  request.close(data);
  request.close(info);
  request.perform("a veth pair");
}

void remove_device(const std::string& name) {
  Request request(RTM_DELLINK, 0);
  request.add(IFLA_IFNAME, name);
  request.perform("removing " + name);
}

void set_up_device(const std::string& name, const std::string& ipv4) {
  std::ofstream("/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6") << "1";
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "a socket");
  switch_off_offloads(socket.get(), name);
  set_address(socket.get(), name, SIOCSIFADDR, ipv4);
  set_address(socket.get(), name, SIOCSIFNETMASK, "255.255.255.0");
  ifreq request = request_for(name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) throw_errno("bringing up " + name);
}

}  // namespace holdfast::bench::wire
