// What the tests of changing trust share: a device that takes signed pin sets from a broker's
// retained message, and that broker with its key.

#pragma once

#include <span>
#include <string>

#include "attack/attack_fixture.hpp"
#include "support/pin_sets.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {

class TrustTest : public AttackTest {
 protected:
  static constexpr const char* kTopic = "fleet/pins";

  TrustTest() : next_(self_signed(dir_, KeyType::p256, "localhost")) {}

  /// A device with version 1 of the set built in: the key in service and its backup.
  Options trusting(std::uint16_t port, const std::string& client_id = "device") {
    Options options = options_for(port, client_id);
    options.pins_version = 1;
    options.pin_updates = operator_.updates();
    options.pin_updates.topic = kTopic;
    options.state_dir = dir_.path() / ("state-" + client_id);
    return options;
  }

  /// The operator hands a set out, as a retained message.
  void hand_out(const Mosquitto& broker, const PinSetText& text) {
    const auto bytes = operator_.set(text);
    Publisher publisher({.port = broker.plain_port(), .client_id = "operator"});
    publisher.publish(kTopic, as_text(bytes), 1, true);
    ASSERT_TRUE(publisher.wait_acks(kBound));
  }

  /// The broker gets another key, as after a restart with new files.
  static void re_key(Mosquitto& broker, const Identity& identity) {
    broker.stop();
    broker.options().tls = identity;
    broker.start();
  }

  Identity next_;
  RootSigner operator_{3, 2};
};

}  // namespace holdfast::test
