#include "bench/wire/veth_line.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "bench/wire/veth_device.hpp"

namespace holdfast::bench::wire {
namespace {

namespace link = test::link;

constexpr const char* kNearDevice = "near0";
constexpr const char* kFarDevice = "far0";
constexpr const char* kNearAddress = "10.77.0.1";

}  // namespace

VethLine::VethLine(std::chrono::milliseconds quiet) : Line(quiet) {
  make_veth_pair(kNearDevice, kFarDevice, far_network_);
  set_up_device(kNearDevice, kNearAddress);
  {
    const link::Inside inside(far_network_);
    set_up_device(kFarDevice, kFarAddress);
  }
  listen();
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { read(); });
}

VethLine::~VethLine() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_, &one, sizeof one);
  thread_.join();
  ::close(packets_);
  ::close(stop_);
  remove_device(kNearDevice);  // and so the other one
}

void VethLine::listen() {
  // Only a socket for all protocols is shown what goes out (packet(7)).
  packets_ = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_ll device{};
  device.sll_family = AF_PACKET;
  device.sll_protocol = htons(ETH_P_ALL);
  device.sll_ifindex = static_cast<int>(::if_nametoindex(kNearDevice));
  if (packets_ < 0 ||
      ::bind(packets_, reinterpret_cast<const sockaddr*>(&device), sizeof device) != 0) {
    throw std::system_error(errno, std::generic_category(), "a packet socket");
  }
}

void VethLine::read() {
  std::array<pollfd, 2> sources{{{packets_, POLLIN, 0}, {stop_, POLLIN, 0}}};
  while (::poll(sources.data(), sources.size(), -1) >= 0 && sources[1].revents == 0) {
    link::Packet packet(2048);
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const ssize_t count = ::recvfrom(packets_, packet.data(), packet.size(), MSG_TRUNC,
                                     reinterpret_cast<sockaddr*>(&from), &size);
    if (count <= 0 || from.sll_protocol != htons(ETH_P_IP)) continue;  // ARP
    packet.resize(static_cast<std::size_t>(count));
    {
      const std::lock_guard lock(mutex_);
      traffic_.add(packet, from.sll_pkttype == PACKET_OUTGOING ? link::Direction::up
                                                               : link::Direction::down);
    }
    crossed_.notify_all();
  }
}

link::Traffic VethLine::traffic() const {
  const std::lock_guard lock(mutex_);
  return traffic_;
}

bool VethLine::wait_for_more(std::uint64_t packets, std::chrono::milliseconds bound) const {
  std::unique_lock lock(mutex_);
  return crossed_.wait_for(lock, bound,
                           [&] { return traffic_.packets_up + traffic_.packets_down > packets; });
}

}  // namespace holdfast::bench::wire
