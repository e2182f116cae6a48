// The pins that were compiled in against the newer set that is kept, over changes of the firmware.

#include <filesystem>

#include "attack/trust_fixture.hpp"

namespace holdfast::test {
namespace {

class Attack25Test : public TrustTest {
 protected:
  Attack25Test() : broker_(make_broker()) {}

  // A life of the device with a firmware that has these pins built in.
  void run(std::uint64_t version, std::vector<std::string> pins,
           const std::function<void(WatchedDevice&)>& live) {
    Options options = trusting(broker_->tls_port());
    options.pins_version = version;
    options.pins = std::move(pins);
    WatchedDevice device(options);
    device->start();
    live(device);
  }

  static void expect_connected(WatchedDevice& device, std::uint64_t version) {
    ASSERT_TRUE(device.wait_for(EventKind::connected));
    EXPECT_EQ(device->status().pin_set_version, version);
  }
  static void expect_key_refused(WatchedDevice& device, std::uint64_t version) {
    const auto event = device.wait_for(EventKind::key_refused);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->key_refusal->pin_set_version, version);
    EXPECT_TRUE(device.events_of(EventKind::connected).empty());
  }

  // The device takes version 5, which revokes the key that the firmware was built with.
  void take_version_5() {
    run(1, {key_.pin, backup_.pin}, [this](WatchedDevice& device) {
      ASSERT_TRUE(device.wait_for(EventKind::connected));
      device->offer_pin_set(
          operator_.set({.version = 5, .pins = {next_.pin, backup_.pin}, .revoked = {key_.pin}}));
      ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
    });
  }

  std::unique_ptr<Mosquitto> broker_;
};

TEST_F(Attack25Test, Attack25_ADowngradeDoesNotBringARevokedKeyBack) {
  take_version_5();
  run(1, {key_.pin, backup_.pin}, [](WatchedDevice& device) { expect_key_refused(device, 5); });
  run(4, {key_.pin, backup_.pin}, [](WatchedDevice& device) { expect_key_refused(device, 5); });
}

TEST_F(Attack25Test, Attack25_ADowngradeGoesOnWithTheNewerSet_Good) {
  take_version_5();
  re_key(*broker_, next_);
  run(1, {key_.pin, backup_.pin}, [](WatchedDevice& device) { expect_connected(device, 5); });
}

TEST_F(Attack25Test, Attack25_AnUpgradeCountsAndAnOlderFirmwareAfterItDoesNot) {
  take_version_5();
  re_key(*broker_, attacker_);
  run(7, {attacker_.pin, backup_.pin}, [](WatchedDevice& device) { expect_connected(device, 7); });
  re_key(*broker_, next_);
  run(1, {key_.pin, next_.pin}, [this](WatchedDevice& device) {
    expect_key_refused(device, 7);
    device->offer_pin_set(operator_.set({.version = 6, .pins = {next_.pin, backup_.pin}}));
    ASSERT_TRUE(device.wait_for(EventKind::pin_set_refused));
  });
}

TEST_F(Attack25Test, Attack25_AFactoryResetBeginsWithTheFirmwareAndLearnsAnew_Good) {
  take_version_5();
  std::filesystem::remove_all(dir_.path() / "state-device");
  hand_out(*broker_, {.version = 5, .pins = {next_.pin, backup_.pin}, .revoked = {key_.pin}});
  run(1, {key_.pin, backup_.pin}, [](WatchedDevice& device) {
    ASSERT_TRUE(device.wait_for(EventKind::connected));
    ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
    ASSERT_TRUE(device.wait_for(EventKind::disconnected)) << "the key is revoked again";
  });
}

}  // namespace
}  // namespace holdfast::test
