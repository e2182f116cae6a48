// A device with an interface of its own (`uplink`), and a broker behind it in another namespace.

#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "integration/device_fixture.hpp"
#include "network/private_network.hpp"

namespace holdfast::test {

inline constexpr const char* kBrokerAddress = "10.77.0.1";

class NetworkTest : public DeviceTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Options for the far broker, and with a backoff in which nothing happens by itself.
  Options patient_options();

  /// The pair of interfaces; `uplink` is up and has no address.
  void lay_cable();
  void set_address(const std::string& address) { ip("addr add " + address + "/24 dev uplink"); }

  /// A process in the far network.
  int far_network() const { return far_; }

  std::unique_ptr<Mosquitto> broker_;  // in the far network
  std::uint16_t port_ = 0;
  bool cable_ = false;

 private:
  pid_t far_ = 0;
  std::unique_ptr<Process> keeper_;
};

}  // namespace holdfast::test
