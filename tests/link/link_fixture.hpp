// A device on this side of an emulated link, and a real broker on the other.

#pragma once

#include <memory>
#include <string>

#include "integration/device_fixture.hpp"
#include "support/link/link.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {

class LinkTest : public DeviceTest {
 protected:
  LinkTest() = default;

  void SetUp() override;

  /// A mosquitto on the far side, started, which listens on all addresses there.
  std::unique_ptr<Mosquitto> make_far_broker(MosquittoOptions options = {});
  /// A subscriber beside the broker: the link does nothing to what it gets.
  std::unique_ptr<Subscriber> make_far_subscriber(const Mosquitto& broker,
                                                  const std::string& filter = "#");
  /// Options for that broker, with its IPv4 address.
  Options far_options(const Mosquitto& broker, std::string client_id = "device");

  /// What has crossed to and from that broker, once nothing more has come for a while: a
  /// connection's last segments cross after the device has stopped.
  link::Traffic bill_of(const Mosquitto& broker);

  /// Both ways.
  void set(const link::Conditions& conditions) { link_->set(conditions); }

  std::unique_ptr<link::Link> link_;
};

}  // namespace holdfast::test
