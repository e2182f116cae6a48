// What does RabbitMQ score, alone and as a cluster? What is known of it has to show, and nothing
// must get stuck on a broker that is so different from mosquitto.

#include "selftest/rabbitmq.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "selftest/scores.hpp"
#include "selftest/suite_fixture.hpp"

namespace holdfast::broker_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::IsSupersetOf;
using ::testing::Not;

using Ids = std::set<std::string>;

// Groups whose verdicts are about MQTT and TLS; safety is judged by a line of its own.
const Ids kJudged{"identity", "economy", "delivery", "resilience"};

// What 3.10.8 does against MQTT 3.1.1: a sender's DUP is passed on, topics are routing keys of AMQP
// and know no $, and a subscription with another QoS is a second queue.
const Ids kFaults{"delivery.dup_not_passed_on", "delivery.topic_dollar",
                  "delivery.subscription_replaced"};
// The queue of a clean session is deleted some time after its connection has ended; who comes back
// sooner, and wants the session kept, is thrown out.
const Ids kSometimes{"delivery.session_ended"};

class RabbitmqSuiteTest : public SuiteTest {
 protected:
  void SetUp() override {
    if (!Rabbitmq::installed()) {
      GTEST_SKIP() << "no rabbitmq-server; sdk/cmake/install-packages brokers installs it";
    }
  }
  RabbitmqOptions options() const { return {.tls = key_, .user = "truck", .password = "secret"}; }
  SuiteRun run_with_login(std::uint16_t port, const Words& more = {}) {
    Words words{"--username", "truck", "--password-file",
                dir_.write("password", "secret\n").string()};
    words.insert(words.end(), more.begin(), more.end());
    return run(port, words);
  }
  // Of what the loss of a node was about.
  static double figure_of(const SuiteRun& run, const std::string& name) {
    const Json check = run.check("resilience.node_loss");
    for (const Json& figure : check.at("figures")) {
      if (figure.at("name") == name) return figure.at("value").get<double>();
    }
    ADD_FAILURE() << name << " is no figure of it: " << check.dump(1);
    return -1;
  }
  // With three nodes, of which the first is killed and comes back.
  SuiteRun run_node_loss(bool quorum_queues) {
    RabbitmqOptions three = options();
    three.nodes = 3;
    three.quorum_queues = quorum_queues;
    const Rabbitmq broker(three);
    SuiteRun run = run_with_login(
        broker.port(0), {"--gtest_filter", "resilience.node_loss:resilience.second_broker*",
                         "--second-broker", "mqtts://localhost:" + std::to_string(broker.port(1)),
                         "--kill-command", broker.again_command("KILL")});
    std::cout << run.output;
    EXPECT_THAT(run.output, Not(HasSubstr("could not go on")));
    return run;
  }
};

TEST_F(RabbitmqSuiteTest, OneNodeScoresWhatIsKnownOfIt) {
  const Rabbitmq broker(options());
  const SuiteRun run = run_with_login(broker.port());
  std::cout << score_table("RabbitMQ " + Rabbitmq::version(), run);
  expect_all_carried_out(run);
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.json.at("mqtt"), "3.1.1");
  const Ids failed = of_groups(run.with("fail"), kJudged);
  EXPECT_THAT(failed, IsSupersetOf(kFaults)) << run.output;
  Ids known = kFaults;
  known.insert(kSometimes.begin(), kSometimes.end());
  EXPECT_THAT(failed, IsSubsetOf(known)) << run.output;
  EXPECT_EQ(run.verdict("economy.tickets"), "pass");
  EXPECT_EQ(run.verdict("economy.resumption"), "pass");
  EXPECT_EQ(run.verdict("resilience.reconnect_storm"), "pass");
  EXPECT_EQ(run.verdict("delivery.keep_alive"), "warning");
}

TEST_F(RabbitmqSuiteTest, WhatItDoesNotSpeakDoesNotApply) {
  const Rabbitmq broker(options());
  const SuiteRun run = run_with_login(broker.port(), {"--gtest_filter", "delivery.*"});
  const Ids lacking = run.with("not_applicable");
  EXPECT_THAT(
      lacking,
      IsSupersetOf(Ids{"delivery.no_local", "delivery.user_properties", "delivery.shared",
                       "delivery.message_expired", "delivery.packet_size_down",
                       "delivery.receive_maximum_down", "delivery.will_delay",
                       // It grants 1 where 2 is asked, as it may.
                       "delivery.qos2", "delivery.qos2_up_publish", "delivery.qos2_down_pubrec"}))
      << run.output;
  EXPECT_EQ(run.verdict("delivery.suback_codes"), "pass") << run.output;
}

TEST_F(RabbitmqSuiteTest, WithoutTicketsItIsWarnedOf) {
  RabbitmqOptions without = options();
  without.tickets = false;
  const Rabbitmq broker(without);
  const SuiteRun run =
      run_with_login(broker.port(), {"--gtest_filter", "economy.*:resilience.reconnect_storm"});
  expect_all_carried_out(run);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.verdict("economy.tickets"), "warning") << run.output;
  EXPECT_EQ(run.verdict("economy.resumption"), "not_applicable") << run.output;
  EXPECT_EQ(run.verdict("resilience.reconnect_storm"), "pass") << run.output;
}

TEST_F(RabbitmqSuiteTest, ThreeNodesShareSessionsAndNoTickets) {
  RabbitmqOptions three = options();
  three.nodes = 3;
  const Rabbitmq broker(three);
  const SuiteRun run = run_with_login(
      broker.port(0), {"--second-broker", "mqtts://localhost:" + std::to_string(broker.port(1))});
  std::cout << score_table("RabbitMQ " + Rabbitmq::version() + ", three nodes", run);
  expect_all_carried_out(run);
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.verdict("identity.second_broker"), "pass") << run.output;
  EXPECT_EQ(run.verdict("economy.second_broker"), "warning") << run.output;
  EXPECT_EQ(run.verdict("resilience.second_broker_delivery"), "pass") << run.output;
  EXPECT_EQ(run.verdict("resilience.second_broker_session"), "pass") << run.output;
  EXPECT_THAT(run.with("fail"), IsSupersetOf(kFaults)) << run.output;
}

TEST_F(RabbitmqSuiteTest, KeepsWhatItAcknowledgedOverARestartAndAKill) {
  const Rabbitmq broker(options());
  const SuiteRun run =
      run_with_login(broker.port(), {"--gtest_filter", "resilience.*", "--restart-command",
                                     broker.again_command("TERM"), "--kill-command",
                                     broker.again_command("KILL")});
  std::cout << run.output;
  EXPECT_THAT(run.output, Not(HasSubstr("could not go on")));
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.verdict("resilience.restart_delivery"), "pass") << run.output;
  EXPECT_EQ(run.verdict("resilience.restart_state"), "pass") << run.output;
  EXPECT_EQ(run.verdict("resilience.restart_identity"), "pass") << run.output;
  EXPECT_EQ(run.verdict("resilience.kill_delivery"), "pass") << run.output;
}

// A client of the other node may lose its connection as well, and is warned of then.
TEST_F(RabbitmqSuiteTest, TheLossOfANodeTakesItsSessions) {
  const SuiteRun run = run_node_loss(false);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.verdict("resilience.node_loss"), "warning") << run.output;
  EXPECT_EQ(figure_of(run, "session_present"), 0) << run.output;
}

TEST_F(RabbitmqSuiteTest, QuorumQueuesOutliveTheLossOfANode) {
  const SuiteRun run = run_node_loss(true);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(figure_of(run, "session_present"), 1) << run.output;
  EXPECT_EQ(figure_of(run, "message_came"), 1) << run.output;
}

TEST_F(RabbitmqSuiteTest, LeavesNoProcessBehind) {
  std::filesystem::path dir;
  {
    RabbitmqOptions two = options();
    two.nodes = 2;
    const Rabbitmq broker(two);
    dir = broker.dir();
    EXPECT_GE(processes_of(dir), 2U);
  }
  // What a node has started ends by itself, when the node's end of a pipe is gone.
  const auto bound = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (processes_of(dir) > 0 && std::chrono::steady_clock::now() < bound) {
    std::this_thread::yield();
  }
  EXPECT_EQ(processes_of(dir), 0U);
}

}  // namespace
}  // namespace holdfast::broker_test
