// A pair of virtual Ethernet devices between this network and a second one: MTU 1500, nothing
// offloaded, IPv4 alone. Counted with a packet socket on the near device.

#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "bench/wire/line.hpp"

namespace holdfast::bench::wire {

class VethLine final : public Line {
 public:
  /// Throws std::system_error.
  explicit VethLine(std::chrono::milliseconds quiet);
  ~VethLine() override;

  const test::link::Network& far_network() const override { return far_network_; }
  test::link::Traffic traffic() const override;

 protected:
  bool wait_for_more(std::uint64_t packets, std::chrono::milliseconds bound) const override;

 private:
  void listen();
  void read();

  test::link::Network far_network_;
  int packets_ = -1;
  int stop_ = -1;
  mutable std::mutex mutex_;
  mutable std::condition_variable crossed_;
  test::link::Traffic traffic_;
  std::thread thread_;
};

}  // namespace holdfast::bench::wire
