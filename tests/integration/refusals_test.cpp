// What the right broker declines: logins, topics, sizes. It is told, and everything else goes on.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using RefusalsTest = DeviceTest;

// mosquitto 2.0.11 that has no limit drops a client whose publish its access list denies.
constexpr const char* kQueueLimit = "max_queued_messages 1000";

class LoginRefusalTest : public DeviceTest, public ::testing::WithParamInterface<MqttVersion> {};

INSTANTIATE_TEST_SUITE_P(Versions, LoginRefusalTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& instance) {
                           return instance.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

TEST_P(LoginRefusalTest, AWrongPasswordIsReportedTriedSlowlyAndMended) {
  const auto broker = make_broker(
      {.plain_listener = false, .allow_anonymous = false, .users = {{"truck", "right"}}});
  Options options = options_for(broker->tls_port());
  options.mqtt_version = GetParam();
  options.username = "truck";
  options.password = "wr0ng";
  options.backoff = {.base = 1ms, .cap = 500ms, .stable_after = 1s};
  WatchedDevice device(options);
  device->start();
  const MessageId id = device.publish("t", "kept");
  const auto event = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->error == Errc::bad_credentials || event->error == Errc::not_authorised)
      << event->detail << broker->log();
  for (const Event& each : device.events()) {
    EXPECT_EQ(each.detail.find("wr0ng"), std::string::npos) << each.detail;  // secrets stay secret
  }
  const auto before = std::chrono::steady_clock::now();
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed, 4));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 100ms);  // two whole waits of cap/10 or more

  broker->stop();
  broker->options().users = {{"truck", "wr0ng"}};
  broker->start();
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

TEST_F(RefusalsTest, AMessageThatIsNotAuthorisedComesBackAndOthersFlow) {
  const auto acl = dir_.write("acl", "topic readwrite t/#\n");
  const auto broker = make_broker({.extra_lines = {"acl_file " + acl.string(), kQueueLimit}});
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t/#"});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("t/1", "good");
  const MessageId refused = device.publish("secret/1", "bad");
  device.publish("t/2", "good");
  ASSERT_TRUE(device.wait_for_deliveries(3));
  const auto delivery = device.wait_for_delivery(refused);
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->error, Errc::not_authorised);
  EXPECT_EQ(delivery->error, Condition::refused);
  EXPECT_NE(delivery->detail.find("0x87"), std::string::npos) << delivery->detail;
  const auto event = device.wait_for(EventKind::message_refused);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::not_authorised);
  EXPECT_NE(event->detail.find("secret/1"), std::string::npos) << event->detail;
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  const Status status = device->status();
  EXPECT_EQ(status.counters.refused, 1u);
  EXPECT_EQ(status.counters.delivered, 2u);
  EXPECT_EQ(status.ledger.connections, 1u) << broker->log();
}

// The plug-in that comes with mosquitto: its access list decides on subscriptions too.
constexpr std::string_view kDynamicSecurity = R"({
  "defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true,
                       "subscribe": false, "unsubscribe": true},
  "anonymousGroup": "all", "clients": [],
  "groups": [{"groupname": "all", "clients": [], "roles": [{"rolename": "listener"}]}],
  "roles": [{"rolename": "listener",
             "acls": [{"acltype": "subscribePattern", "topic": "t/#", "allow": true}]}]
})";

TEST_F(RefusalsTest, AFilterThatIsRefusedIsReportedAndOthersAreGranted) {
  const char* const plug_in = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so";
  if (!std::filesystem::exists(plug_in)) GTEST_SKIP() << "no " << plug_in;
  const auto rules = dir_.write("rules.json", kDynamicSecurity);
  const auto broker = make_broker({.extra_lines = {std::string("plugin ") + plug_in,
                                                   "plugin_opt_config_file " + rules.string()}});
  WatchedDevice device(options_for(broker->tls_port()));
  device.collect("secret/#");
  device.collect("t/#");
  device->start();
  const auto refused = device.wait_for(EventKind::subscription_refused);
  ASSERT_TRUE(refused) << broker->log();
  EXPECT_EQ(refused->error, Errc::not_authorised);
  EXPECT_NE(refused->detail.find("secret/#"), std::string::npos) << refused->detail;
  const auto granted = device.wait_for(EventKind::subscribed);
  ASSERT_TRUE(granted);
  EXPECT_EQ(granted->detail, "t/#");
  EXPECT_EQ(device->status().ledger.connections, 1u);
}

TEST_F(RefusalsTest, ThePacketLimitOfTheBrokerIsKept) {
  const auto broker = make_broker({.extra_lines = {"max_packet_size 2000"}});
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  device.publish("t", std::string(1'900, 'a'));
  const MessageId large = device.publish("t", std::string(2'100, 'b'));
  device.publish("t", "c");
  const auto delivery = device.wait_for_delivery(large);
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->error, Errc::payload_too_large);
  EXPECT_NE(delivery->detail.find("2000"), std::string::npos) << delivery->detail;
  ASSERT_TRUE(device.wait_for(EventKind::message_refused));
  ASSERT_TRUE(device.wait_for_deliveries(3));
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  EXPECT_EQ(subscriber.messages()[1].payload, "c");
  EXPECT_EQ(device->status().ledger.connections, 1u);
}

TEST_F(RefusalsTest, OptionsThatCannotWorkAreRefusedByName) {
  const auto refused_field = [&](auto change) -> std::string {
    Options options = options_for(8883);
    change(options);
    try {
      Device device(options);
    } catch (const ConfigError& error) {
      EXPECT_FALSE(error.mend().empty());
      return error.field();
    }
    return "none";
  };
  EXPECT_EQ(refused_field([](Options&) {}), "none");
  EXPECT_EQ(refused_field([](Options& options) { options.client_id = ""; }), "client_id");
  EXPECT_EQ(refused_field([](Options& options) { options.client_id = "a\xff"; }), "client_id");
  EXPECT_EQ(refused_field([](Options& options) { options.client_id = std::string(129, 'x'); }),
            "client_id");
  EXPECT_EQ(refused_field([](Options& options) { options.broker = "mqtt://host"; }), "broker");
  EXPECT_EQ(refused_field([](Options& options) { options.pins = {}; }), "pins");
  EXPECT_EQ(refused_field([](Options& options) { options.pins.pop_back(); }), "pins");
  EXPECT_EQ(refused_field([](Options& options) { options.pins[1] = "sha256/short"; }), "pins[1]");
  EXPECT_EQ(refused_field([](Options& options) { options.reachable_within = 1s; }),
            "reachable_within");
  EXPECT_EQ(
      refused_field([](Options& options) { options.will = Will{.topic = "a/#", .payload = {}}; }),
      "will.topic");
}

}  // namespace
}  // namespace holdfast::test
