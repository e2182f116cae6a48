// Does `holdfast fleet` count what the devices have told, and does `pinset check --fleet` say no as
// long as one of them would refuse the broker?

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

#include <holdfast/device.hpp>

#include "cli/cli_fixture.hpp"
#include "presence/status_document.hpp"
#include "support/pin_sets.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;
using presence::StatusDocument;

pinning::Pin pin_of(const std::string& text) {
  std::string why;
  return pinning::parse_pin(text, why).value();
}

class FleetTest : public BrokerCliTest {
 protected:
  StatusDocument status(std::uint64_t version, const std::vector<std::string>& pins,
                        bool online = true) const {
    StatusDocument status;
    status.online = online;
    status.written = 1'795'700'000;
    status.pin_set_version = version;
    for (const auto& pin : pins) status.pins.push_back(presence::prefix_of(pin_of(pin)));
    if (!online) return status;
    status.sdk_version = 0x000100;
    status.vouching = pin_of(key_.pin);
    status.bytes_up = 1'000;
    return status;
  }
  static void retain(Publisher& publisher, const std::string& name, const StatusDocument& status) {
    const auto bytes = presence::encode_status(status);
    publisher.publish("fleet/" + name + "/status", as_text(bytes), 1, true);
  }
  CliResult fleet(const Mosquitto& broker, Words more = {}) {
    more.insert(more.begin(), {"--filter", "fleet/+/status", "--quiet", "500ms"});
    return cli(words("fleet", broker.tls_port(), more));
  }
  CliResult check(const Mosquitto& broker, const Identity& next, Words more = {}) {
    auto all =
        words("check", broker.tls_port(),
              {"--fleet", "fleet/+/status", "--quiet", "500ms", "--cert", next.cert_file.string()});
    all.insert(all.begin(), "pinset");
    all.insert(all.end(), more.begin(), more.end());
    return cli(all);
  }
  // Two with version 2, one of them gone, and one with the pins of its firmware.
  void make_small_fleet(Publisher& publisher) const {
    retain(publisher, "a", status(2, {key_.pin, backup_.pin}));
    retain(publisher, "b", status(2, {key_.pin, backup_.pin}, false));
    retain(publisher, "c", status(0, {key_.pin, backup_.pin}));
  }
};

TEST_F(FleetTest, CountsDevicesBySetPinAndSilence) {
  const auto broker = make_broker();
  Publisher publisher({.port = broker->plain_port()});
  make_small_fleet(publisher);
  publisher.publish("fleet/x/status", "hello", 1, true);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto result = fleet(*broker);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("3 devices: 2 online, 1 offline\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("      1       1        0  firmware\n"), std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("      2       1        1  2\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("2  " + key_.pin + "\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("fleet/b/status\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("fleet/x/status  "), std::string::npos) << result.out;
}

TEST_F(FleetTest, JsonHasEveryDevice) {
  const auto broker = make_broker();
  Publisher publisher({.port = broker->plain_port()});
  make_small_fleet(publisher);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto result = fleet(*broker, {"--json"});
  EXPECT_EQ(result.status, 0) << result.err;
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json["devices"], 3);
  EXPECT_EQ(json["online"], 2);
  EXPECT_EQ(json["pin_sets"][1],
            (Json{{"version", 2}, {"devices", 2}, {"online", 1}, {"offline", 1}}));
  EXPECT_EQ(json["vouching"], Json::array({Json{{"pin", key_.pin}, {"devices", 2}}}));
  ASSERT_EQ(json["list"].size(), 3U);
  EXPECT_EQ(json["list"][0]["topic"], "fleet/a/status");
  EXPECT_EQ(json["list"][0]["bytes_up"], 1'000);
  EXPECT_EQ(json["list"][0]["sdk_version"], "0.1.0");
  EXPECT_FALSE(json["list"][1].contains("vouching"));
  EXPECT_EQ(json["list"][1]["pins"].size(), 2U);
}

TEST_F(FleetTest, AnEmptyFleetIsToldAndMissingDevicesAreAnError) {
  const auto broker = make_broker();
  const auto nobody = fleet(*broker);
  EXPECT_EQ(nobody.status, 0) << nobody.err;
  EXPECT_EQ(nobody.out, "0 devices: 0 online, 0 offline\n");
  const auto missing = fleet(*broker, {"--expect", "1"});
  EXPECT_EQ(missing.status, 4);
  EXPECT_TRUE(missing.says("--expect")) << missing.err;
  EXPECT_EQ(check(*broker, backup_).status, 4);
}

TEST_F(FleetTest, TenThousandDevicesAreReadFromABrokerThatLetsThem) {
  const auto broker = make_broker({.extra_lines = {"max_queued_messages 0"}});
  Publisher publisher({.port = broker->plain_port()});
  constexpr std::uint64_t kDevices = 10'000;
  for (std::uint64_t n = 0; n < kDevices; ++n) {
    retain(publisher, std::to_string(n), status(1 + n % 3, {key_.pin, backup_.pin}, n % 2 == 0));
  }
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto result = fleet(*broker, {"--json", "--expect", std::to_string(kDevices)});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Json::parse(result.out)["online"], kDevices / 2);
}

TEST_F(FleetTest, ABrokerThatDropsWhatDoesNotFitIntoItsQueueIsFoundOut) {
  const auto broker = make_broker({.extra_lines = {"max_queued_messages 500"}});
  Publisher publisher({.port = broker->plain_port()});
  for (int n = 0; n < 900; ++n) {
    retain(publisher, std::to_string(n), status(1, {key_.pin, backup_.pin}));
  }
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto result = fleet(*broker);
  EXPECT_EQ(result.status, 4) << result.out << result.err;
  EXPECT_TRUE(result.says("max_queued_messages")) << result.err;
}

TEST_F(FleetTest, ARefusedFilterAWrongKeyAndNoBrokerAreToldApart) {
  const auto broker = make_broker();
  EXPECT_EQ(cli(words("fleet", broker->tls_port(), {"--filter", "a/#/b"})).status, 2);
  const auto impostor = make_broker({.tls = self_signed(dir_, KeyType::p256, "localhost")});
  EXPECT_EQ(fleet(*impostor).status, 3);
  const auto port = broker->tls_port();
  broker->stop();
  EXPECT_EQ(cli(words("fleet", port, {"--filter", "fleet/+/status", "--timeout", "500ms"})).status,
            4);
}

TEST_F(FleetTest, CheckSaysNoForOneOfflineDeviceAndNamesIt) {
  const auto broker = make_broker();
  const auto next = self_signed(dir_, KeyType::p256, "localhost");
  Publisher publisher({.port = broker->plain_port()});
  retain(publisher, "a", status(3, {key_.pin, next.pin}));
  retain(publisher, "b", status(2, {key_.pin, backup_.pin}, false));
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto refused = check(*broker, next);
  EXPECT_EQ(refused.status, 3) << refused.out << refused.err;
  EXPECT_TRUE(refused.says("1 device of 2 does not pin")) << refused.err;
  EXPECT_TRUE(refused.says("fleet/b/status")) << refused.err;
  EXPECT_FALSE(refused.says("fleet/a/status")) << refused.err;
  retain(publisher, "b", status(3, {key_.pin, next.pin}, false));
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto taken = check(*broker, next);
  EXPECT_EQ(taken.status, 0) << taken.err;
  EXPECT_NE(taken.out.find("All 2 devices"), std::string::npos) << taken.out;
}

TEST_F(FleetTest, CheckNamesAStatusThatCannotBeRead) {
  const auto broker = make_broker();
  Publisher publisher({.port = broker->plain_port()});
  make_small_fleet(publisher);
  publisher.publish("fleet/x\u202e/status", "hello", 1, true);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto refused = check(*broker, backup_);
  EXPECT_EQ(refused.status, 3) << refused.out << refused.err;
  EXPECT_TRUE(refused.says("fleet/x\\u202e/status")) << refused.err;
}

TEST_F(FleetTest, CheckNamesTwentyDevicesAtMost) {
  const auto broker = make_broker();
  const auto next = self_signed(dir_, KeyType::p256, "localhost");
  Publisher publisher({.port = broker->plain_port()});
  for (int n = 100; n < 130; ++n) {
    retain(publisher, std::to_string(n), status(1, {key_.pin, backup_.pin}));
  }
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto refused = check(*broker, next);
  EXPECT_EQ(refused.status, 3);
  EXPECT_TRUE(refused.says("fleet/119/status and 10 more")) << refused.err;
}

TEST_F(FleetTest, CheckNeedsSomethingToCheckAgainst) {
  EXPECT_EQ(cli({"pinset", "check", "--cert", key_.cert_file.string()}).status, 2);
  EXPECT_EQ(cli({"pinset", "check", "--cert", key_.cert_file.string(), "--fleet", "f"}).status, 2)
      << "no broker to ask";
}

// The rehearsal of a rotation, with real devices: whether the next key may be deployed.
class FleetRehearsalTest : public FleetTest {
 protected:
  static constexpr std::size_t kDevices = 20;

  std::unique_ptr<Device> make_device(std::size_t n, std::uint16_t port) {
    const std::string name = "truck-" + std::to_string(n);
    Options options;
    options.broker = "mqtts://127.0.0.1:" + std::to_string(port);
    options.client_id = name;
    options.pins = {key_.pin, backup_.pin};
    options.pins_version = 1;
    options.pin_updates = signer_.updates();
    options.state_dir = dir_.path() / ("state-" + name);
    options.presence = Presence{.topic = "fleet/" + name + "/status"};
    auto device = std::make_unique<Device>(std::move(options));
    device->start();
    return device;
  }
  // Their statuses, as a newcomer sees them.
  bool wait_for_versions(const Mosquitto& broker, std::uint64_t version, std::size_t count) {
    Subscriber subscriber({.port = broker.plain_port(),
                           .filter = "fleet/+/status",
                           .client_id = "watch-" + std::to_string(++watchers_)});
    return subscriber.wait_for(
        [&](const std::vector<ReceivedMessage>& messages) {
          std::map<std::string, std::uint64_t> versions;
          std::string why;
          for (const auto& message : messages) {
            const auto status = presence::decode_status(as_payload(message.payload), why);
            if (status) versions[message.topic] = status->pin_set_version;
          }
          return static_cast<std::size_t>(std::count_if(
                     versions.begin(), versions.end(),
                     [&](const auto& item) { return item.second >= version; })) == count;
        },
        kBound);
  }

  const RootSigner signer_;

 private:
  int watchers_ = 0;
};

TEST_F(FleetRehearsalTest, TheNextKeyMayBeDeployedOnceEveryDeviceHasTheSet) {
  const auto broker = make_broker();
  const auto next = self_signed(dir_, KeyType::p256, "localhost");
  const auto set = signer_.set({.version = 2, .pins = {key_.pin, next.pin}});
  std::vector<std::unique_ptr<Device>> devices;
  for (std::size_t n = 0; n < kDevices; ++n) devices.push_back(make_device(n, broker->tls_port()));
  ASSERT_TRUE(wait_for_versions(*broker, 1, kDevices)) << broker->log();

  // Half of them have it.
  for (std::size_t n = 0; n < kDevices / 2; ++n) devices[n]->offer_pin_set(set);
  ASSERT_TRUE(wait_for_versions(*broker, 2, kDevices / 2));
  const auto too_early = check(*broker, next, {"--expect", "20"});
  EXPECT_EQ(too_early.status, 3) << too_early.out << too_early.err;
  EXPECT_TRUE(too_early.says("10 devices of 20 do not pin")) << too_early.err;
  EXPECT_TRUE(too_early.says("fleet/truck-10/status")) << too_early.err;
  EXPECT_FALSE(too_early.says("fleet/truck-9/status")) << too_early.err;

  // All but one have it, and that one is away.
  for (std::size_t n = kDevices / 2; n + 1 < kDevices; ++n) devices[n]->offer_pin_set(set);
  ASSERT_TRUE(wait_for_versions(*broker, 2, kDevices - 1));
  devices.back()->stop();
  const auto one_is_away = check(*broker, next, {"--expect", "20"});
  EXPECT_EQ(one_is_away.status, 3) << one_is_away.out << one_is_away.err;
  EXPECT_TRUE(one_is_away.says("fleet/truck-19/status")) << one_is_away.err;

  // It comes back, and gets it.
  devices.back() = nullptr;
  devices.back() = make_device(kDevices - 1, broker->tls_port());
  devices.back()->offer_pin_set(set);
  ASSERT_TRUE(wait_for_versions(*broker, 2, kDevices));
  const auto yes = check(*broker, next, {"--expect", "20"});
  EXPECT_EQ(yes.status, 0) << yes.err;
  // A device that is stopped knows what it knew.
  devices.front()->stop();
  EXPECT_EQ(check(*broker, next, {"--expect", "20"}).status, 0);
}

}  // namespace
}  // namespace holdfast::test
