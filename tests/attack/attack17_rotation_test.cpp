// The broker's key is changed in service.

#include <algorithm>
#include <set>

#include "attack/trust_fixture.hpp"

#include "pin_report_generated.h"

namespace holdfast::test {
namespace {

using Attack17Test = TrustTest;

TEST_F(Attack17Test, Attack17_FromTheCurrentKeyToTheNextWithoutLosingAMessage_Good) {
  const auto broker =
      make_broker({.persistence_dir = make_directory_in(dir_.path(), "persistence")});
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  WatchedDevice device(trusting(broker->tls_port()));
  device->start();
  std::size_t sent = 0;
  const auto send = [&](std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) device.publish("t", std::to_string(sent++));
  };
  send(50);
  hand_out(*broker, {.version = 2, .pins = {key_.pin, next_.pin}});
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted));
  EXPECT_TRUE(device->status().pin_set_proven) << "the live session proves it";
  send(50);
  re_key(*broker, next_);
  send(50);
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_EQ(device->status().vouching_pin, next_.pin);
  hand_out(*broker, {.version = 3, .pins = {next_.pin, backup_.pin}, .revoked = {key_.pin}});
  ASSERT_TRUE(device.wait_for(EventKind::pin_set_accepted, 2));
  send(50);
  ASSERT_TRUE(device.wait_for_deliveries(sent));
  for (const Delivery& delivery : device.deliveries().all()) EXPECT_FALSE(delivery.error);
  ASSERT_TRUE(subscriber.wait_for(
      [&](const std::vector<ReceivedMessage>& messages) {
        std::set<std::string> numbers;
        for (const auto& message : messages) numbers.insert(message.payload);
        return numbers.size() == sent;
      },
      kBound));
  EXPECT_EQ(device.events_of(EventKind::connected).size(), 2u)
      << "no connection but the re-keying's";
}

TEST_F(Attack17Test, Attack17_TheBackupKeyServesAfterTheCurrentOneIsLost_Good) {
  const auto broker = make_broker();
  WatchedDevice device(trusting(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  re_key(*broker, backup_);
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_EQ(device->status().vouching_pin, backup_.pin);
}

TEST_F(Attack17Test, Attack17_BothKeysLostIsAnErrorThatNamesTheDigestSeen) {
  const auto broker = make_broker();
  WatchedDevice device(trusting(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  re_key(*broker, next_);
  const auto event = device.wait_for(EventKind::key_refused);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::identity_refused);
  ASSERT_TRUE(event->key_refusal);
  EXPECT_EQ(event->key_refusal->seen, next_.pin);
  EXPECT_EQ(event->key_refusal->expected, (std::vector<std::string>{key_.pin, backup_.pin}));
  EXPECT_EQ(event->key_refusal->pin_set_version, 1u);
  EXPECT_NE(event->detail.find(next_.pin), std::string::npos);
}

// The operator learns of refused keys and of candidates, but only over a verified connection.
TEST_F(Attack17Test, Attack17_RefusalsAndCandidatesAreReportedOverAVerifiedSession_Good) {
  const auto broker = make_broker({.tls = next_});
  Options options = trusting(broker->tls_port());
  options.pin_updates.report_topic = "fleet/report/device";
  options.candidate_pins = {next_.pin, key_.pin};
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::key_refused, 3));
  EXPECT_EQ(count_in_log(*broker, "as device"), 0u);
  re_key(*broker, key_);
  Subscriber reports({.port = broker->plain_port(), .filter = "fleet/report/#"});
  ASSERT_TRUE(device.wait_for(EventKind::candidate_pin, 2));
  EXPECT_TRUE(any_says(device.events_of(EventKind::candidate_pin), next_.pin + " would not"));
  EXPECT_TRUE(any_says(device.events_of(EventKind::candidate_pin), key_.pin + " matches"));
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  device.publish("fleet/report/marker", "x");
  ASSERT_TRUE(reports.wait_for([](const auto& messages) { return messages.size() >= 2; }, kBound));
  std::size_t found = 0;
  for (const auto& message : reports.messages()) {
    if (message.topic != "fleet/report/device") continue;
    ++found;
    std::error_code error;
    const auto* report = verify<wire::PinReport>(as_payload(message.payload), error);
    ASSERT_NE(report, nullptr) << error.message();
    EXPECT_GE(report->refusals(), 3u);
    EXPECT_EQ(report->pin_set_version(), 1u);
    ASSERT_NE(report->last_refused(), nullptr);
    ASSERT_NE(report->candidates(), nullptr);
    EXPECT_EQ(report->candidates()->size(), 2u);
  }
  EXPECT_EQ(found, 1u);
}

}  // namespace
}  // namespace holdfast::test
