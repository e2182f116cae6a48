// A TCP connection by a deadline, tried on every address of a name.

#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "channel/broker_url.hpp"

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
};

/// @throws CommandError (kNotReachable) when no address answers by the deadline.
Dialled dial(const channel::BrokerUrl& server, Deadline deadline);

}  // namespace holdfast::cli
