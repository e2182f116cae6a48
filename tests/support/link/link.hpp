#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "support/link/capture.hpp"
#include "support/link/lane.hpp"
#include "support/link/nat.hpp"
#include "support/link/network.hpp"

namespace holdfast::test::link {

// Link joins the network of this process (the near side: the device's) with a
// second one (the far side: the broker's) by two TUN devices, and does to the
// packets between them what it is told. It needs no privileges of the kernel's
// packet schedulers: a thread of its own carries every packet.
//
// Members may be called from any thread that is in the near network.
class Link {
 public:
  static constexpr const char* kNear = "10.77.0.1";
  static constexpr const char* kFar = "10.77.0.2";
  static constexpr const char* kNear6 = "fd77::1";
  static constexpr const char* kFar6 = "fd77::2";

  // Throws std::system_error; not where why_no_links() is empty.
  explicit Link(std::uint64_t seed = 1);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  const Network& far_network() const { return far_network_; }

  // From now on, one way or both. A recorded drive begins now.
  void set(Direction direction, const Conditions& conditions);
  void set(const Conditions& conditions);
  void follow(const Drive& drive, const Conditions& rest = {});

  // From now on there is a NAT between the two, with this patience; it knows none of
  // the connections that there are.
  void translate(Duration patience);

  // The near side gets another address, as a modem does when it changes network.
  void change_near_address(const std::string& ipv4) { near_.change_address(ipv4); }
  // The near side is left without an address, as by a modem that has lost its network.
  void drop_near_address() { near_.drop_address(); }

  // The bill so far; of a far port's TCP, or of all.
  Traffic traffic() const;
  Traffic traffic(std::uint16_t far_port) const;
  std::vector<Segment> segments() const;
  std::size_t lost(Direction direction) const;
  // True as soon as `wanted` holds for what has crossed so far.
  bool wait_for(const std::function<bool(const Capture&)>& wanted,
                std::chrono::milliseconds bound) const;

 private:
  void run();
  void read_from(int descriptor, Lane& lane, Direction direction, Instant now);
  void write_to(int descriptor, Lane& lane, Direction direction, Instant now);
  bool passes_nat(const Packet& packet, Direction direction, Instant now);
  void wake();

  Network far_network_;
  Tun near_;
  std::unique_ptr<Tun> far_;
  int wake_ = -1;
  mutable std::mutex mutex_;
  mutable std::condition_variable crossed_;
  Lane up_;
  Lane down_;
  Capture capture_;
  std::optional<Nat> nat_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace holdfast::test::link
