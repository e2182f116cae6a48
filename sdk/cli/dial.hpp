// A TCP connection by a deadline, tried on every address of a name, and the tunnel of a proxy in
// it.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "channel/broker_url.hpp"
#include "channel/reach.hpp"

namespace holdfast::cli {

using Deadline = std::chrono::steady_clock::time_point;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&&) = delete;

  int get() const { return fd_; }

 private:
  int fd_;
};

enum class Wait { to_read, to_write };
/// @return false at the deadline.
bool wait_for(int fd, Wait what, Deadline deadline);

struct Dialled {
  Socket socket;        ///< not blocking
  std::string address;  ///< with its port
  bool is_ipv6 = false;
};

/// @param target of the TCP connection: the server, or the proxy of `route`
/// @throws CommandError (kNotReachable) when no address answers by the deadline, or the proxy opens
///         no tunnel.
Dialled dial(const channel::BrokerUrl& target, Deadline deadline, const channel::Route& route = {});

/// Ends the connection in order, and waits up to `limits::kCloseTimeout` for the other side's end.
/// @return the IP bytes of all of it, both ways
std::uint64_t hang_up(const Dialled& dialled, Deadline deadline);

}  // namespace holdfast::cli
