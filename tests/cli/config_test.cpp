// Do --config and the environment say what the command line does not, and who wins?

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>

#include "cli/cli_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

class ConfigTest : public BrokerCliTest {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.path() / name) << text;
  }

  std::string config_for(std::uint16_t port) const {
    return "[broker]\nurl = \"mqtts://localhost:" + std::to_string(port) + "\"\npins = [\"" +
           key_.pin + "\", \"" + backup_.pin + "\"]\n";
  }
};

TEST_F(ConfigTest, TheWayToTheBrokerCanBeInAFile) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  write("device.toml", config_for(broker->tls_port()));
  const auto result =
      cli({"pub", "--config", "device.toml", "--topic", "t", "--message", "from a file"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "") << "two pins, so nothing to warn of";
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
}

TEST_F(ConfigTest, WhatIsTheDevicesOwnIsLeftToTheDevice) {
  const auto broker = make_broker();
  write("device.toml", config_for(broker->tls_port()) + "[device]\nclient_id = \"truck-17\"\n" +
                           "state_dir = \"" + path("state") +
                           "\"\n[will]\ntopic = \"gone\"\npayload = \"x\"\n");
  const auto result =
      cli({"pub", "--config", "device.toml", "--topic", "t", "--message", "by hand"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(count_in_log(*broker, "as truck-17"), 0U);
  EXPECT_EQ(count_in_log(*broker, "as holdfast-pub-"), 1U);
  EXPECT_FALSE(there("state"));
}

TEST_F(ConfigTest, TheCommandLineOverrulesTheEnvironmentAndThatTheFile) {
  const auto broker = make_broker();
  write("device.toml", config_for(1));  // nobody is there
  const std::string url = "mqtts://localhost:" + std::to_string(broker->tls_port());
  const std::string call = "$H pub --config device.toml --topic t --message m --timeout 20s";
  shell("HOLDFAST_BROKER_URL=" + url + " " + call);
  shell("HOLDFAST_BROKER_URL=mqtts://localhost:2 " + call + " --broker " + url);
  EXPECT_EQ(count_in_log(*broker, "as holdfast-pub-"), 2U);
}

TEST_F(ConfigTest, AMistakeHasItsLineAndWinsNothing) {
  write("device.toml", config_for(8883) + "[network]\nproxi = \"x\"\n");
  const auto result = cli({"pub", "--config", "device.toml", "--topic", "t", "--message", "m"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("device.toml:5: network.proxi")) << result.err;
  EXPECT_TRUE(result.says("interface, proxy")) << result.err;
  const auto missing = cli({"sub", "--config", "nowhere.toml", "--filter", "t"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(missing.says("nowhere.toml")) << missing.err;
}

TEST_F(ConfigTest, WhatCannotWorkIsToldOfItsLineUnlessItWasTyped) {
  write("device.toml", "[broker]\nurl = \"http://localhost\"\npins = [\"" + key_.pin + "\", \"" +
                           backup_.pin + "\"]\n");
  const auto from_file = cli({"pub", "--config", "device.toml", "--topic", "t", "--message", "m"});
  EXPECT_EQ(from_file.status, 2);
  EXPECT_TRUE(from_file.says("device.toml:2: broker.url")) << from_file.err;
  const auto typed = cli({"pub", "--config", "device.toml", "--broker", "ftp://localhost",
                          "--topic", "t", "--message", "m"});
  EXPECT_EQ(typed.status, 2);
  EXPECT_TRUE(typed.says("--broker cannot work")) << typed.err;
}

TEST_F(ConfigTest, WithoutABrokerOrAPinBothWaysToTellAreNamed) {
  for (const char* command : {"pub", "sub"}) {
    const Words more = std::string(command) == "pub" ? Words{"--topic", "t", "--message", "m"}
                                                     : Words{"--filter", "t"};
    Words call{command};
    call.insert(call.end(), more.begin(), more.end());
    const auto no_broker = cli(call);
    EXPECT_EQ(no_broker.status, 2);
    EXPECT_TRUE(no_broker.says("--broker") && no_broker.says("--config")) << no_broker.err;
    call.insert(call.end(), {"--broker", "mqtts://localhost"});
    const auto no_pin = cli(call);
    EXPECT_EQ(no_pin.status, 2);
    EXPECT_TRUE(no_pin.says("--pin") && no_pin.says("--config")) << no_pin.err;
  }
}

TEST_F(ConfigTest, CheckTellsWhatIsSetAndWhere) {
  write("device.toml",
        config_for(8883) + "[device]\nclient_id = \"truck-17\"\n[truck]\nevery = \"5s\"\n");
  const auto result = cli({"config", "check", "--json", "device.toml"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto settings = Json::parse(result.out).at("settings");
  ASSERT_EQ(settings.size(), 4U);
  EXPECT_EQ(settings[2].at("key"), "device.client_id");
  EXPECT_EQ(settings[2].at("from"), "device.toml:5");
  EXPECT_EQ(settings[2].at("of"), "device");
  EXPECT_EQ(settings[3].at("key"), "truck.every");
  EXPECT_EQ(settings[3].at("of"), "program");
  EXPECT_EQ(cli({"config", "check", "device.toml"}).status, 0);
}

TEST_F(ConfigTest, CheckJudgesAsADeviceWould) {
  write("device.toml", config_for(8883));
  const auto result = cli({"config", "check", "device.toml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("client-id") || result.says("client_id")) << result.err;
}

}  // namespace
}  // namespace holdfast::test
