// The SDK's own device at this broker, and its bill.

#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include <holdfast/device.hpp>

#include "wire/deadline.hpp"

namespace holdfast::broker_test {

class DeviceRun {
 public:
  /// Starts it. @throws ConfigError
  explicit DeviceRun(Options options);
  ~DeviceRun();
  DeviceRun(const DeviceRun&) = delete;
  DeviceRun& operator=(const DeviceRun&) = delete;

  Device& device() { return device_; }

  /// @throws PeerError with what the device said, if it does not connect
  void wait_connected(Deadline deadline);
  /// Until `count` messages were acknowledged. @throws PeerError
  void wait_delivered(std::uint64_t count, Deadline deadline);
  /// The bill of the connection, once nothing has been added to it for a while: tickets come after
  /// the login.
  Account settled_bill(Deadline deadline);

 private:
  void note(const Event& event);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string trouble_;
  Device device_;
};

}  // namespace holdfast::broker_test
