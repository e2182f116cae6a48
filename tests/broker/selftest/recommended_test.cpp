// Is the configuration that we recommend as good as the suite asks for? The file of samples/broker
// itself, with nothing but its paths and its port replaced.

#include <gmock/gmock.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "selftest/scores.hpp"
#include "selftest/suite_fixture.hpp"
#include "support/ports.hpp"
#include "support/process.hpp"

namespace holdfast::broker_test {
namespace {

using ::testing::IsSubsetOf;

using Ids = std::set<std::string>;

class RecommendedSuiteTest : public SuiteTest {
 protected:
  static constexpr std::chrono::seconds kBound{20};

  void replace(std::string& text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what << " is not in mosquitto.conf any more";
    text.replace(at, what.size(), with);
  }

  // samples/broker/mosquitto.conf for this directory, this key and this port.
  std::string config(std::uint16_t port) {
    const std::filesystem::path samples = HOLDFAST_SAMPLES;
    const std::string dir = dir_.path().string();
    std::string text = test::read_file(samples / "broker" / "mosquitto.conf");
    replace(text, "\nlistener 8883\n", "\nlistener " + std::to_string(port) + " 127.0.0.1\n");
    replace(text, "/etc/mosquitto/tls/broker.crt", key_.cert_file.string());
    replace(text, "/etc/mosquitto/tls/broker.key", key_.key_file.string());
    replace(text, "/etc/mosquitto/passwd", dir + "/passwd");
    replace(text, "/etc/mosquitto/acl", (samples / "broker" / "acl").string());
    replace(text, "/var/lib/mosquitto/", dir + "/");
    // Else it changes to a user who cannot read our files.
    return text + "user root\n";
  }

  void start() {
    dir_.write("passwd", "");
    for (const char* user : {"broker-test", "backend", "truck"}) {
      const auto made = test::run(
          {"mosquitto_passwd", "-b", (dir_.path() / "passwd").string(), user, "secret"}, kBound);
      ASSERT_EQ(made.status, 0) << made.output;
    }
    port_ = test::unused_port();
    const auto file = dir_.write("mosquitto.conf", config(port_));
    broker_ = test::Process::spawn({program(), "-c", file.string()});
    ASSERT_TRUE(broker_->wait_for_line(" running", kBound)) << broker_->output();
  }

  SuiteRun run_as(const std::string& user, const Words& more = {}) {
    Words words{"--username", user, "--password-file", dir_.write("password", "secret\n").string()};
    words.insert(words.end(), more.begin(), more.end());
    return run(port_, words);
  }

  static std::string program() {
    return ::access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
  }

  std::uint16_t port_ = 0;
  std::unique_ptr<test::Process> broker_;
};

// As the guide runs it.
TEST_F(RecommendedSuiteTest, EndsWithZero) {
  ASSERT_NO_FATAL_FAILURE(start());
  const SuiteRun run = run_as("broker-test", accepting(kMosquittoFaults));
  std::cout << score_table("mosquitto 2.0.11, samples/broker/mosquitto.conf", run);
  expect_all_carried_out(run);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.with("fail"), IsSubsetOf(kMosquittoFaults)) << run.output;
  EXPECT_EQ(of_groups(run.with("warning"), {"identity", "economy", "resilience"}), Ids{})
      << run.output;
}

TEST_F(RecommendedSuiteTest, HoldsADeviceToItsOwnTopics) {
  ASSERT_NO_FATAL_FAILURE(start());
  const SuiteRun own = run_as("truck", {"--topic-prefix", "fleet/truck", "--gtest_filter",
                                        "delivery.qos1_down:delivery.retained"});
  EXPECT_EQ(own.status, 0) << own.output;
  const SuiteRun other =
      run_as("truck", {"--topic-prefix", "fleet/other", "--gtest_filter",
                       "delivery.qos1_down:delivery.retained", "--max-wait", "1"});
  EXPECT_EQ(other.with("fail"), (Ids{"delivery.qos1_down", "delivery.retained"})) << other.output;
}

}  // namespace
}  // namespace holdfast::broker_test
