// A relay in front of a server that counts what its clients' connections take: IP bytes, as the
// kernel's counters of each connection (TCP_INFO) tell them.
//
// Threads: one of its own, and two for each connection.

#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>

#include "common/descriptor.hpp"

namespace migrate {

struct WireCount {
  std::uint64_t ip_bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t connections = 0;
};

class RelayedBytes {
 public:
  /// From a free port of 127.0.0.1 to `target` there.
  /// @throws std::system_error
  explicit RelayedBytes(std::uint16_t target);
  /// Ends the connections that are left.
  ~RelayedBytes();
  RelayedBytes(const RelayedBytes&) = delete;
  RelayedBytes& operator=(const RelayedBytes&) = delete;

  std::uint16_t port() const { return port_; }

  /// Waits until the connections so far are over: each side has closed. What it returns is then
  /// whole. The client's process has ended, so that only the server's answer can be outstanding.
  WireCount finish();

 private:
  struct Link {
    sample::Descriptor client;
    sample::Descriptor server;
    std::thread up;
    std::thread down;
  };

  void accept_clients();
  void end_links();

  std::uint16_t target_;
  std::uint16_t port_ = 0;
  sample::Descriptor listener_;
  std::mutex mutex_;
  std::list<Link> links_;
  std::thread acceptor_;
};

}  // namespace migrate
