// Is a broker accepted exactly if it proves a key that is pinned?

#include <gtest/gtest.h>

#include <string>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

using PinsTest = DeviceTest;

TEST_F(PinsTest, AWrongKeyGetsNoMqttByteAndTheRightOneGetsAllThatWasStored) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  const Identity stranger = self_signed(dir_, KeyType::p256, "localhost");
  OpensslServer impostor(stranger);
  TcpProxy proxy(impostor.port());
  WatchedDevice device(options_for(proxy.port(), "device-of-the-test"));
  for (int n = 0; n < 10; ++n) device.publish("t", std::to_string(n));
  device->start();
  const auto event = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::identity_refused);
  EXPECT_EQ(event->error, Condition::identity_refused);
  for (const std::string& pin : {stranger.pin, key_.pin, backup_.pin}) {
    EXPECT_NE(event->detail.find(pin), std::string::npos) << event->detail;
  }
  // It is tried again all the same: somebody may mend the broker.
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed, 3));
  EXPECT_GE(device->status().counters.pin_failures, 3u);
  EXPECT_EQ(device->status().ledger.full_handshakes, 0u);
  EXPECT_EQ(device->status().counters.delivered, 0u);

  proxy.set_target(broker->tls_port());
  ASSERT_TRUE(subscriber.wait_for_count(10, kBound));
  for (std::size_t n = 0; n < 10; ++n) {
    EXPECT_EQ(subscriber.messages()[n].payload, std::to_string(n));
  }
  ASSERT_TRUE(device.wait_for_deliveries(10));
  EXPECT_EQ(device->status().vouching_pin, key_.pin);
  for (const char* const part : {"MQTT", "device-of-the-test"}) {
    EXPECT_EQ(impostor.output().find(part), std::string::npos) << impostor.output();
  }
}

TEST_F(PinsTest, ABackupPinVouchesAsWell) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.pins = {backup_.pin, key_.pin};
  WatchedDevice device(options);
  device->start();
  const auto event = device.wait_for(EventKind::connected);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find(key_.pin), std::string::npos) << event->detail;
  EXPECT_EQ(device->status().vouching_pin, key_.pin);
}

TEST_F(PinsTest, ABrokerThatChangesToTheBackupKeyIsAccepted) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  broker->stop();
  broker->options().tls = backup_;
  broker->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_EQ(device->status().vouching_pin, backup_.pin);
}

TEST_F(PinsTest, ACertificateOfAnyNameAndDateIsAcceptedForItsKey) {
  for (const auto validity :
       {CertificateOptions::Validity::kExpired, CertificateOptions::Validity::kNotYetValid}) {
    const Identity odd = self_signed(dir_, KeyType::p256, "elsewhere.example",
                                     {.alt_names = {"DNS:elsewhere.example"},
                                      .validity = validity,
                                      .existing_key = key_.key_file});
    const auto broker = make_broker({.tls = odd});
    WatchedDevice device(options_for(broker->tls_port()));
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
  }
}

// Only the leaf vouches: an attacker may send the pinned certificate behind his own.
TEST_F(PinsTest, APinOfAnIntermediateOrOfAnAppendedCertificateDoesNotVouch) {
  const Authority root = make_authority(dir_, KeyType::p256, "root");
  const Authority between = make_intermediate(dir_, root, KeyType::p256, "between");
  const Identity leaf = issue(dir_, between, KeyType::p256, "localhost");
  const auto broker = make_broker({.tls = leaf});
  Options options = options_for(broker->tls_port());
  options.pins = {between.pin, root.pin};
  WatchedDevice refusing(options);
  refusing->start();
  const auto event = refusing.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::identity_refused) << event->detail;

  options.client_id = "accepting";
  options.pins = {leaf.pin, backup_.pin};
  WatchedDevice accepting(options);
  accepting->start();
  ASSERT_TRUE(accepting.wait_for(EventKind::connected));
  EXPECT_EQ(count_in_log(*broker, "as device"), 0u);
}

}  // namespace
}  // namespace holdfast::test
