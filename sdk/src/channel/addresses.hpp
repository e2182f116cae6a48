// Where a dialler gets the address that it found a name at in an earlier process, and brings the
// one to that it finds it at now.
//
// Threads: the dialler's thread only; every call returns at once or waits for the disk.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <asio/ip/address.hpp>

namespace holdfast::channel {

class Addresses {
 public:
  struct Known {
    asio::ip::address address;
    /// Since a name server has named it; empty: nobody knows, or none has.
    std::optional<std::chrono::seconds> age;
  };

  virtual ~Addresses() = default;

  /// Before the first attempt with this name.
  virtual std::optional<Known> recall(const std::string& host, std::uint16_t port) = 0;
  /// A broker with a pinned key is behind this address.
  virtual void worked(const std::string& host, std::uint16_t port, const Known& known) = 0;
};

}  // namespace holdfast::channel
