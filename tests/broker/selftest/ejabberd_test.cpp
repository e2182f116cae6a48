// What does ejabberd score? It speaks MQTT 5, hands out tickets that are never good, and does not
// heed what a device says of sizes and of expiry.

#include "selftest/ejabberd.hpp"

#include <gmock/gmock.h>

#include <iostream>

#include "selftest/scores.hpp"
#include "selftest/suite_fixture.hpp"

namespace holdfast::broker_test {
namespace {

using Ids = std::set<std::string>;

class EjabberdSuiteTest : public SuiteTest {
 protected:
  void SetUp() override {
    if (!Ejabberd::installed()) {
      GTEST_SKIP() << "no ejabberd; sdk/cmake/install-packages brokers installs it";
    }
  }
};

TEST_F(EjabberdSuiteTest, ScoresWhatIsKnownOfIt) {
  const Ejabberd broker({.tls = key_, .user = "truck", .password = "secret"});
  const SuiteRun run = this->run(broker.port(), {"--username", "truck@localhost", "--password-file",
                                                 dir_.write("password", "secret\n").string()});
  std::cout << score_table("ejabberd " + Ejabberd::version(), run);
  expect_all_carried_out(run);
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.json.at("mqtt"), "5");
  EXPECT_EQ(of_groups(run.with("fail"), {"identity", "economy", "delivery", "resilience"}),
            (Ids{"delivery.message_expired", "delivery.message_expiry_told",
                 "delivery.packet_size_down", "delivery.no_client_id"}))
      << run.output;
  EXPECT_EQ(of_groups(run.with("warning"), {"economy", "resilience"}),
            (Ids{"economy.resumption", "economy.ticket_twice", "resilience.reconnect_storm"}))
      << run.output;
  const Json resumption = run.check("economy.resumption");
  EXPECT_EQ(resumption.at("figures").at(0).at("value"), 0) << resumption.dump(1);
  // It sends one message, and the next one when that is acknowledged: as it may.
  EXPECT_EQ(run.verdict("delivery.qos1_redelivered"), "pass") << run.output;
  EXPECT_EQ(run.verdict("delivery.both_directions"), "pass") << run.output;
  EXPECT_EQ(run.verdict("delivery.shared"), "not_applicable") << run.output;
}

}  // namespace
}  // namespace holdfast::broker_test
