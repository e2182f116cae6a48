// Does a config file become the options that it names, and is every slip of the pen told with its
// place?

#include <holdfast/config_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "config/keys.hpp"
#include "device/check_options.hpp"
#include "support/temp_dir.hpp"

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kPin1 = "sha256/ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=";
constexpr const char* kPin2 = "sha256/PiPoFgOUWUos8k1CqUQgWsMx9d8nwiCu1XnTSEAWFJ0=";

class ConfigFileTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    const auto path = dir_.path() / name;
    std::ofstream(path) << text;
    return path;
  }

  ConfigFile read(const std::string& text, ConfigFile::Environment variables = {}) {
    return ConfigFile(write("device.toml", text), std::move(variables));
  }

  // What is said of a text that cannot work, without the directory.
  ConfigError refusal(const std::string& text, ConfigFile::Environment variables = {}) {
    try {
      (void)read(text, std::move(variables)).options();
    } catch (const ConfigError& error) {
      return without_directory(error);
    }
    ADD_FAILURE() << "it was taken: " << text;
    return {"", "", ""};
  }

  ConfigError without_directory(const ConfigError& error) const {
    std::string field = error.field();
    const std::string prefix = dir_.path().string() + "/";
    if (field.starts_with(prefix)) field.erase(0, prefix.size());
    return {field, error.value(), error.mend()};
  }

  test::TempDir dir_;
};

TEST_F(ConfigFileTest, BecomesTheOptionsThatItNames) {
  const std::string password = write("password", "secret\nsecond line").string();
  const Options options = read(R"([broker]
url = "mqtts://broker.example.com:8884"
pins = [")" + std::string(kPin1) +
                               R"(", ")" + kPin2 + R"("]
mqtt = "3.1.1"

[[fallback]]
url = "mqtts://one.example.com"
[[fallback]]
url = "mqtts://two.example.com"
pins = ["sha256/x"]

[device]
client_id = "truck-17"
state_dir = "/var/lib/truck"
username = "truck"
password_file = ")" + password +
                               R"("
session_expiry = "2h"
hold = "always"

[resumption]
max_age = "3d"
max_without_clock = 7

[outbox]
bytes = "16MiB"
messages = 500
when_full = "drop_oldest"
group_time = "50ms"

[budget]
bytes_per_month = "50MB"
billing_day = 15

[will]
topic = "truck/17/gone"
payload = "gone"
retain = true
)")
                              .options();
  EXPECT_EQ(options.broker, "mqtts://broker.example.com:8884");
  EXPECT_THAT(options.pins, ElementsAre(kPin1, kPin2));
  EXPECT_EQ(options.mqtt_version, MqttVersion::v3_1_1);
  ASSERT_EQ(options.fallback_brokers.size(), 2U);
  EXPECT_EQ(options.fallback_brokers[0].broker, "mqtts://one.example.com");
  EXPECT_THAT(options.fallback_brokers[0].pins, IsEmpty());
  EXPECT_EQ(options.fallback_brokers[1].broker, "mqtts://two.example.com");
  EXPECT_THAT(options.fallback_brokers[1].pins, ElementsAre("sha256/x"));
  EXPECT_EQ(options.client_id, "truck-17");
  EXPECT_EQ(options.state_dir, "/var/lib/truck");
  EXPECT_EQ(options.password, "secret");
  EXPECT_EQ(options.session_expiry, 2h);
  EXPECT_EQ(options.hold, Hold::always);
  EXPECT_EQ(options.resumption.max_age, std::chrono::hours(72));
  EXPECT_EQ(options.resumption.max_without_clock, 7U);
  EXPECT_EQ(options.outbox.bytes, 16U << 20);
  EXPECT_EQ(options.outbox.messages, 500U);
  EXPECT_EQ(options.outbox.when_full, WhenFull::drop_oldest);
  EXPECT_EQ(options.outbox.group_commit.time, 50ms);
  ASSERT_TRUE(options.budget);
  EXPECT_EQ(options.budget->bytes_per_month, 50'000'000U);
  EXPECT_EQ(options.budget->billing_day, 15U);
  ASSERT_TRUE(options.will);
  EXPECT_EQ(options.will->payload.size(), 4U);
  EXPECT_EQ(options.will->retain, Retain::yes);
  EXPECT_EQ(options.trust, TrustMode::pinned);
  EXPECT_EQ(options.timeouts.connack, limits::kConnackTimeout) << "not named, so the default";
}

TEST_F(ConfigFileTest, AFileWithoutAKeyChangesNothing) {
  Options options;
  options.client_id = "as it was";
  read("# nothing\n").apply_to(options);
  EXPECT_EQ(options.client_id, "as it was");
  EXPECT_FALSE(options.budget);
  EXPECT_FALSE(options.will);
}

TEST_F(ConfigFileTest, VariablesOverruleTheFile) {
  const ConfigFile file = read("[broker]\nurl = \"mqtts://a\"\n[outbox]\nmessages = 5\n",
                               {{"HOLDFAST_BROKER_URL", "mqtts://b"},
                                {"HOLDFAST_BROKER_PINS", "sha256/one, sha256/two"},
                                {"HOLDFAST_BROKER_ONE_PIN", "true"},
                                {"HOLDFAST_OUTBOX_MESSAGES", "7"},
                                {"HOLDFAST_BACKOFF_CAP", "90s"},
                                {"HOLDFAST_BUDGET_BYTES_PER_MONTH", "10MB"}});
  const Options options = file.options();
  EXPECT_EQ(options.broker, "mqtts://b");
  EXPECT_THAT(options.pins, ElementsAre("sha256/one", "sha256/two"));
  EXPECT_EQ(options.pin_count, PinCount::one_is_enough);
  EXPECT_EQ(options.outbox.messages, 7U);
  EXPECT_EQ(options.backoff.cap, 90s);
  ASSERT_TRUE(options.budget);
  EXPECT_EQ(options.budget->bytes_per_month, 10'000'000U);
}

TEST_F(ConfigFileTest, WithoutAFileTheEnvironmentIsAll) {
  const ConfigFile file({}, {{"HOLDFAST_DEVICE_CLIENT_ID", "truck-18"}});
  EXPECT_EQ(file.options().client_id, "truck-18");
  const auto settings = file.settings();
  ASSERT_EQ(settings.size(), 1U);
  EXPECT_EQ(settings[0].key, "device.client_id");
  EXPECT_EQ(settings[0].origin, "HOLDFAST_DEVICE_CLIENT_ID");
}

TEST_F(ConfigFileTest, TellsLineKeyAndMendOfAMistake) {
  struct Case {
    std::string text;
    std::string field;
    std::string mend;
  };
  const std::vector<Case> cases{
      {"[broker]\nulr = \"x\"\n", "device.toml:2: broker.ulr", "[broker] has url, pins"},
      {"[broker]\nurl = 5\n", "device.toml:2: broker.url", "in quotes"},
      {"[broker]\n\npins = \"sha256/x\"\n", "device.toml:3: broker.pins", "a list of texts"},
      {"[broker]\npins = [1]\n", "device.toml:2: broker.pins", "texts only"},
      {"[broker]\none_pin = \"yes\"\n", "device.toml:2: broker.one_pin", "true or false"},
      {"[broker]\nmqtt = \"4\"\n", "device.toml:2: broker.mqtt", "5, 3.1.1"},
      {"[outbox]\nmessages = -1\n", "device.toml:2: outbox.messages", "from 0 to"},
      {"[outbox]\nbytes = \"5 pounds\"\n", "device.toml:2: outbox.bytes", "64KiB"},
      {"[backoff]\ncap = 300\n", "device.toml:2: backoff.cap", "a time as text"},
      {"[backoff]\ncap = \"300\"\n", "device.toml:2: backoff.cap", "a time as text"},
      {"[recovery]\nafter = \"1500ms\"\n", "device.toml:2: recovery.after", "whole seconds"},
      {"[device]\npassword = \"x\"\n", "device.toml:2: device.password", "password_file"},
      {"[pkcs11]\npin = \"1234\"\n", "device.toml:2: pkcs11.pin", "pin_file"},
      {"[device]\npassword_file = \"/nowhere\"\n", "device.toml:2: device.password_file",
       "cannot be read"},
      {"[network]\nproxy = \"http://me:pass@proxy:3128\"\n", "device.toml:2: network.proxy",
       "proxy_file"},
      {"url = \"x\"\n", "device.toml:1: url", "stands in a table"},
      {"[broker]\nurl = 1.5\n", "device.toml:2: broker.url", "write text"},
      {"[fallback]\nurl = \"x\"\n", "device.toml:2: fallback.url", "[[fallback]]"},
      {"[[broker]]\nurl = \"x\"\n", "device.toml:2: broker[0].url", "write [broker]"},
      {"[broker]\nurl = \"x\n", "device.toml:2", "no TOML"},
      {std::string("\n[\0url]\n", 8), "device.toml", "no TOML"},
      {"[(x)]\n", "device.toml", "no TOML"},
      {"[outbox.group]\ntime = \"1s\"\n", "device.toml:1: outbox.group", "write text"},
  };
  for (const Case& one : cases) {
    const ConfigError error = refusal(one.text);
    EXPECT_EQ(error.field(), one.field) << one.text;
    EXPECT_THAT(error.mend(), HasSubstr(one.mend)) << one.text;
  }
}

TEST_F(ConfigFileTest, ASecretInTheWrongPlaceIsNotRepeated) {
  EXPECT_THAT(refusal("[device]\npassword = \"hunter2\"\n").what(),
              ::testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("[network]\nproxy = \"http://me:hunter2@proxy\"\n").what(),
              ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(ConfigFileTest, AVariableThatNearlyExistsIsRefused) {
  const ConfigError error = refusal("", {{"HOLDFAST_BROKER_ULR", "mqtts://a"}});
  EXPECT_EQ(error.field(), "HOLDFAST_BROKER_ULR");
  EXPECT_THAT(error.mend(), HasSubstr("url, pins"));
  EXPECT_EQ(refusal("", {{"HOLDFAST_OUTBOX_MESSAGES", "many"}}).field(),
            "HOLDFAST_OUTBOX_MESSAGES");
  EXPECT_NO_THROW(read("", {{"HOLDFAST_SOMETHING_ELSE", "is for somebody else"}}));
}

TEST_F(ConfigFileTest, FilesThatCannotBeReadAreNamed) {
  for (const auto& file : {dir_.path() / "missing.toml", dir_.path()}) {
    try {
      const ConfigFile read(file, {});
      ADD_FAILURE() << file;
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.value(), file.string());
    }
  }
  EXPECT_THAT(refusal(std::string(limits::kMaxConfigBytes + 1, '#')).mend(), HasSubstr("65536"));
}

TEST_F(ConfigFileTest, WhatTheDeviceRefusesHasTheLineThatSaysIt) {
  const ConfigFile file = read(R"([broker]
url = "mqtts://broker.example.com"
pins = [
  ")" + std::string(kPin1) + R"(",
  "sha256/short",
]
[device]
client_id = "truck-17"
[outbox]
group_time = "11s"
)");
  const auto told = [&](Options options) {
    try {
      device::check_options(std::move(options));
    } catch (const ConfigError& error) {
      return without_directory(file.located(error));
    }
    return ConfigError("", "", "");
  };
  EXPECT_EQ(told(file.options()).field(), "device.toml:3: broker.pins");
  Options options = file.options();
  options.pins = {kPin1, kPin2};
  EXPECT_EQ(told(options).field(), "device.toml:10: outbox.group_time");
  options.outbox.group_commit.time = 1ms;
  options.client_id.clear();
  EXPECT_EQ(told(options).field(), "device.toml:8: device.client_id");
  EXPECT_EQ(file.located({"somewhere.else", "v", "m"}).field(), "somewhere.else");
}

TEST_F(ConfigFileTest, AnAppHasTablesOfItsOwn) {
  ConfigFile file = read(
      "[board]\nevery = \"5s\"\nname = \"a\"\ncount = 3\nloud = true\n[device]\nclient_id = "
      "\"b\"\n",
      {{"HOLDFAST_BOARD_COUNT", "4"}});
  EXPECT_EQ(file.duration("board", "every", 10ms, 1h), 5s);
  EXPECT_EQ(file.text("board", "name"), "a");
  EXPECT_EQ(file.number("board", "count", 0, 10), 4);
  EXPECT_EQ(file.flag("board", "loud"), true);
  EXPECT_EQ(file.text("board", "missing"), std::nullopt);
  EXPECT_NO_THROW(file.refuse_unknown());
  EXPECT_THROW((void)file.duration("board", "every", 10s, 1h), ConfigError);
  EXPECT_THROW((void)file.number("board", "count", 5, 10), ConfigError);
}

TEST_F(ConfigFileTest, AKeyThatAnAppDoesNotAskForIsRefused) {
  ConfigFile file = read("[board]\nevrey = \"5s\"\n");
  EXPECT_EQ(file.duration("board", "every", 10ms, 1h), std::nullopt);
  try {
    file.refuse_unknown();
    ADD_FAILURE() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(without_directory(error).field(), "device.toml:2: board.evrey");
  }
  EXPECT_THROW(read("[baord]\nx = 1\n").refuse_unknown(), ConfigError);
  ConfigFile variables({}, {{"HOLDFAST_BOARD_EVREY", "5s"}});
  (void)variables.text("board", "every");
  EXPECT_THROW(variables.refuse_unknown(), ConfigError);
}

// The guide is what people read: it has each key, with the same words.
TEST(ConfigKeysTest, AreTheOnesOfTheGuide) {
  std::ifstream in(HOLDFAST_SOURCE_DIR "/docs/guides/config.md");
  std::stringstream guide;
  guide << in.rdbuf();
  std::set<std::string> names;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_THAT(guide.str(),
                HasSubstr("| `" + key.name + "` | `" + key.form + "` | " + key.meaning + " |"));
    EXPECT_TRUE(names.insert(key.name).second) << key.name << " is there twice";
  }
}

// Each row sets something: the field that it names is not the default afterwards.
TEST(ConfigKeysTest, EachFieldIsOneThatTheDeviceNames) {
  for (const config::Key& key : config::keys()) {
    EXPECT_FALSE(key.field.empty()) << key.table << '.' << key.name;
    EXPECT_FALSE(key.meaning.empty()) << key.table << '.' << key.name;
  }
}

}  // namespace
}  // namespace holdfast
