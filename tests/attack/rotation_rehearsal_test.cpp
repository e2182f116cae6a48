// The rehearsal of a rotation: a fleet of twenty devices goes from one key to the next under load,
// and not a message is lost and no device needs a restart.

#include <map>
#include <memory>
#include <set>

#include "attack/trust_fixture.hpp"

namespace holdfast::test {
namespace {

constexpr std::size_t kDevices = 20;

class RotationRehearsalTest : public TrustTest {
 protected:
  struct Member {
    std::unique_ptr<WatchedDevice> device;
    std::string topic;
    std::size_t sent = 0;
  };

  void make_fleet(std::uint16_t port) {
    for (std::size_t n = 0; n < kDevices; ++n) {
      const std::string name = "truck-" + std::to_string(n);
      fleet_.push_back({std::make_unique<WatchedDevice>(trusting(port, name)), "fleet/" + name});
      (*fleet_.back().device)->start();
    }
  }
  void send(std::size_t each) {
    for (std::size_t n = 0; n < each; ++n) {
      for (Member& member : fleet_) {
        member.device->publish(member.topic, std::to_string(member.sent++));
      }
    }
  }
  void expect_all(EventKind kind, std::size_t nth) {
    for (Member& member : fleet_) {
      ASSERT_TRUE(member.device->wait_for(kind, nth)) << member.topic;
    }
  }

  std::vector<Member> fleet_;
};

TEST_F(RotationRehearsalTest, TwentyDevicesChangeTheKeyUnderLoad) {
  const auto broker =
      make_broker({.persistence_dir = make_directory_in(dir_.path(), "persistence")});
  Subscriber subscriber({.port = broker->plain_port(), .filter = "fleet/+"});
  make_fleet(broker->tls_port());
  send(20);
  expect_all(EventKind::connected, 1);

  // 1. The set with both keys: the live sessions prove it.
  hand_out(*broker, {.version = 2, .pins = {key_.pin, next_.pin}});
  send(20);
  expect_all(EventKind::pin_set_accepted, 1);
  for (const Member& member : fleet_) {
    EXPECT_TRUE((*member.device)->status().pin_set_proven) << member.topic;
    EXPECT_EQ((*member.device)->status().pin_set_version, 2u) << member.topic;
  }

  // 2. The broker gets the next key, while messages come.
  send(10);
  re_key(*broker, next_);
  send(20);
  expect_all(EventKind::connected, 2);

  // 3. The old key is revoked.
  hand_out(*broker, {.version = 3, .pins = {next_.pin, backup_.pin}, .revoked = {key_.pin}});
  send(20);
  expect_all(EventKind::pin_set_accepted, 2);

  std::size_t sent = 0;
  for (Member& member : fleet_) {
    ASSERT_TRUE(member.device->wait_for_deliveries(member.sent)) << member.topic;
    for (const Delivery& delivery : member.device->deliveries().all()) {
      EXPECT_FALSE(delivery.error) << member.topic << ": " << delivery.detail;
    }
    EXPECT_EQ((*member.device)->status().vouching_pin, next_.pin);
    EXPECT_TRUE(member.device->events_of(EventKind::key_refused).empty()) << member.topic;
    sent += member.sent;
  }
  ASSERT_TRUE(subscriber.wait_for(
      [&](const std::vector<ReceivedMessage>& messages) {
        std::set<std::pair<std::string, std::string>> distinct;
        for (const auto& message : messages) {
          if (message.topic != kTopic) distinct.emplace(message.topic, message.payload);
        }
        return distinct.size() == sent;
      },
      kBound));

  // 4. Whoever has the old key now is refused by all.
  re_key(*broker, key_);
  expect_all(EventKind::key_refused, 1);
}

}  // namespace
}  // namespace holdfast::test
