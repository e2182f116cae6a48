// Somebody who has the topic, but not the root keys, hands out pin sets.

#include <functional>

#include "attack/trust_fixture.hpp"

namespace holdfast::test {
namespace {

class Attack14Test : public TrustTest {
 protected:
  // The device is connected, is offered this, says why it refuses, and goes on as if nothing was.
  void expect_set_refused(std::span<const std::byte> bytes, std::string_view says) {
    const auto broker = make_broker();
    WatchedDevice device(trusting(broker->tls_port()));
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::connected));
    Publisher attacker({.port = broker->plain_port(), .client_id = "attacker"});
    attacker.publish(kTopic, as_text(bytes), 1, true);
    const auto event = device.wait_for(EventKind::pin_set_refused);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->error, Errc::pin_set_refused);
    EXPECT_NE(event->detail.find(says), std::string::npos) << event->detail;
    EXPECT_EQ(device->status().pin_set_version, 1u);
    EXPECT_EQ(device->status().vouching_pin, key_.pin);
    const auto delivery = device.wait_for_delivery(device.publish("t", "still here"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_TRUE(device.events_of(EventKind::disconnected).empty());
  }

  void expect_set_accepted(std::span<const std::byte> bytes, std::uint64_t version) {
    const auto broker = make_broker();
    WatchedDevice device(trusting(broker->tls_port()));
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::connected));
    Publisher publisher({.port = broker->plain_port(), .client_id = "operator"});
    publisher.publish(kTopic, as_text(bytes), 1, true);
    const auto event = device.wait_for(EventKind::pin_set_accepted);
    ASSERT_TRUE(event) << "refused";
    EXPECT_EQ(device->status().pin_set_version, version);
  }

  PinSetText good(std::uint64_t version = 2) {
    return {.version = version, .pins = {key_.pin, next_.pin}};
  }
};

TEST_F(Attack14Test, Attack14_ASignatureIsBad) {
  auto document = operator_.document(good(), {0, 1});
  document.signatures[1].value[5] ^= 1U;
  expect_set_refused(bytes_of(document), "1 of the 2");
}

TEST_F(Attack14Test, Attack14_ThePinsAreOthersThanThoseThatWereSigned) {
  auto document = operator_.document(good(), {0, 1});
  document.content =
      operator_.document({.version = 2, .pins = {attacker_.pin, key_.pin}}, {}).content;
  expect_set_refused(bytes_of(document), "0 of the 2");
}

TEST_F(Attack14Test, Attack14_BelowTheThreshold) {
  expect_set_refused(operator_.set(good(), {2}), "1 of the 2");
}

TEST_F(Attack14Test, Attack14_OneKeyHasSignedTwice) {
  expect_set_refused(operator_.set(good(), {1, 1}), "1 of the 2");
}

TEST_F(Attack14Test, Attack14_SignedByKeysOfTheAttackersOwn) {
  const RootSigner stranger(3, 2);
  expect_set_refused(stranger.set(good()), "0 of the 2");
}

TEST_F(Attack14Test, Attack14_OlderThanWhatWasBuiltIn) {
  expect_set_refused(operator_.set({.version = 1, .pins = {attacker_.pin, key_.pin}}),
                     "other content");
}

TEST_F(Attack14Test, Attack14_Truncated) {
  auto bytes = operator_.set(good());
  bytes.resize(bytes.size() / 2);
  expect_set_refused(bytes, "pin set");
}

TEST_F(Attack14Test, Attack14_NotAPinSetAtAll) {
  expect_set_refused(as_payload("{\"pins\":[]}"), "not a pin set");
}

TEST_F(Attack14Test, Attack14_Good) {
  expect_set_accepted(operator_.set(good()), 2);
}

TEST_F(Attack14Test, Attack14_TwoOtherSignersOfThree_Good) {
  expect_set_accepted(operator_.set(good(), {2, 0}), 2);
}

TEST_F(Attack14Test, Attack14_AnOlderSetIsReplayed) {
  const auto broker = make_broker();
  WatchedDevice device(trusting(broker->tls_port()));
  device->start();
  hand_out(*broker, good(5));
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  hand_out(*broker, good(4));
  const auto event = device.wait_for(EventKind::pin_set_refused);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("versions only go up"), std::string::npos) << event->detail;
  hand_out(*broker, {.version = 5, .pins = {key_.pin, backup_.pin}});
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_refused, 2));
  EXPECT_EQ(device->status().pin_set_version, 5u);
}

// The device knows the roots of the first generation; the operator is at the third.
TEST_F(Attack14Test, Attack14_SignedByTheOldRootsAlone) {
  const RootSigner old = operator_;
  Options options;
  {
    const auto broker = make_broker();
    options = trusting(broker->tls_port());
  }
  operator_.change_roots(2, 2);
  operator_.change_roots(3, 1);
  const auto broker = make_broker();
  options.broker = "mqtts://127.0.0.1:" + std::to_string(broker->tls_port());
  WatchedDevice device(options);
  device->start();
  hand_out(*broker, good(2));
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted)) << "the newest set alone is enough";
  device->offer_pin_set(old.set(good(3)));
  const auto event = device.wait_for(EventKind::pin_set_refused);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("version 1 of the root keys"), std::string::npos) << event->detail;
}

TEST_F(Attack14Test, Attack14_AnExpiredSetIsToldAndLocksNobodyOut) {
  const auto broker = make_broker();
  WatchedDevice device(trusting(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  PinSetText text = good();
  text.expires = 1'900'000'000;
  hand_out(*broker, text);
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  EXPECT_TRUE(device.events_of(EventKind::pin_set_expired).empty());
  device->set_time(std::chrono::system_clock::time_point(std::chrono::seconds(1'900'000'001)));
  const auto event = device.wait_for(EventKind::pin_set_expired);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::pin_set_expired);
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

TEST_F(Attack14Test, Attack14_AnExpiredSetEndsTrustWhereTheAppChoseThat) {
  const auto broker = make_broker();
  Options options = trusting(broker->tls_port());
  options.pin_updates.expired = ExpiredPinSet::refuse;
  WatchedDevice device(options);
  device->start();
  PinSetText text = good();
  text.expires = 1'900'000'000;
  hand_out(*broker, text);
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  device->set_time(std::chrono::system_clock::time_point(std::chrono::seconds(1'900'000'001)));
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_expired));
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed));
  text.version = 3;
  text.expires = 1'990'000'000;
  device->offer_pin_set(operator_.set(text));
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
}

}  // namespace
}  // namespace holdfast::test
