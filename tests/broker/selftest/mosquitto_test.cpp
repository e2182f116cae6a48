// Does the suite let a good mosquitto pass, and does it name what is wrong with a bad one, and
// nothing else?

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "selftest/suite_fixture.hpp"
#include "support/mosquitto.hpp"
#include "support/process.hpp"

namespace holdfast::broker_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::IsSupersetOf;

using Ids = std::set<std::string>;

// Without those that fail with every mosquitto.
Ids besides_faults(Ids ids) {
  for (const std::string& known : kMosquittoFaults) ids.erase(known);
  return ids;
}

class MosquittoSuiteTest : public SuiteTest {
 protected:
  // A mosquitto as the guide recommends it for a fleet: see samples/broker.
  static test::MosquittoOptions good() {
    return {.allow_anonymous = false,
            .users = {{"truck", "secret"}},
            .extra_lines = {"max_queued_messages 10000"}};
  }
  Words login() {
    const std::string file = (dir_.path() / "password").string();
    test::write_file(file, "secret\n");
    return {"--username", "truck", "--password-file", file};
  }
  SuiteRun run_with_login(std::uint16_t port, Words more = {}) {
    Words all = login();
    all.insert(all.end(), more.begin(), more.end());
    return run(port, all);
  }
};

TEST_F(MosquittoSuiteTest, AGoodOnePasses) {
  const auto broker = make_broker(good());
  const SuiteRun run = run_with_login(broker->tls_port(), accepting(kMosquittoFaults));
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.with("fail"), IsSubsetOf(kMosquittoFaults)) << run.output;
  EXPECT_GE(run.json.at("checks").size(), 60U);
  EXPECT_GE(run.with("pass").size(), 50U);
  EXPECT_EQ(run.json.at("mqtt"), "5");
}

TEST_F(MosquittoSuiteTest, AnotherKeyEndsItWithThree) {
  const auto broker =
      make_broker({.tls = test::self_signed(dir_, test::KeyType::p256, "localhost")});
  const SuiteRun run = this->run(broker->tls_port());
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.output, HasSubstr("not pinned"));
  EXPECT_TRUE(run.json.is_null());
  EXPECT_EQ(broker->count_log("New client connected"), 0U);
}

TEST_F(MosquittoSuiteTest, OneThatIsNotThereEndsItWithFour) {
  const auto broker = make_broker();
  const std::uint16_t port = broker->tls_port();
  broker->stop();
  EXPECT_EQ(run(port).status, 4);
}

TEST_F(MosquittoSuiteTest, ALoginThatIsRefusedIsAUsageError) {
  const auto broker = make_broker(good());
  const SuiteRun run = this->run(broker->tls_port());
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.output, HasSubstr("--username"));
}

TEST_F(MosquittoSuiteTest, OneWithoutTls13FailsThatCheckAndNoOther) {
  auto options = good();
  options.tls_extra_lines = {"tls_version tlsv1.2", "ciphers ECDHE-ECDSA-AES128-GCM-SHA256"};
  options.tls = key_;
  // tls_version names the lowest one; the highest is bound by OpenSSL's own configuration.
  test::write_file(dir_.path() / "openssl.cnf",
                   "openssl_conf = conf\n[conf]\nssl_conf = ssl\n[ssl]\nsystem_default = only\n"
                   "[only]\nMaxProtocol = TLSv1.2\n");
  options.environment = {{"OPENSSL_CONF", (dir_.path() / "openssl.cnf").string()}};
  const auto broker = make_broker(options);
  const SuiteRun run = run_with_login(broker->tls_port());
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_EQ(besides_faults(run.with("fail")), Ids{"identity.tls_1_3"}) << run.output;
}

TEST_F(MosquittoSuiteTest, OneThatLetsAnybodyInFailsThatCheckAndNoOther) {
  auto options = good();
  options.allow_anonymous = true;
  const auto broker = make_broker(options);
  const SuiteRun run = run_with_login(broker->tls_port());
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_EQ(besides_faults(run.with("fail")), Ids{"safety.anonymous"}) << run.output;
}

TEST_F(MosquittoSuiteTest, OneThatWantsCertificatesLetsNobodyInWithoutOne) {
  const auto authority = test::make_authority(dir_, test::KeyType::p256, "fleet");
  const auto own = test::issue(dir_, authority, test::KeyType::p256, "truck");
  test::MosquittoOptions options;
  options.tls_extra_lines = {"cafile " + authority.cert_file.string(), "require_certificate true"};
  const auto broker = make_broker(options);
  const SuiteRun run = this->run(broker->tls_port(),
                                 {"--cert", own.cert_file.string(), "--key", own.key_file.string(),
                                  "--gtest_filter", "safety.client_certificate:safety.anonymous"});
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.verdict("safety.client_certificate"), "pass") << run.output;
}

TEST_F(MosquittoSuiteTest, OneWithALimitForPacketsRefusesThemByTheirHeader) {
  auto options = good();
  options.extra_lines.emplace_back("max_packet_size 65536");
  const auto broker = make_broker(options);
  const SuiteRun run = run_with_login(
      broker->tls_port(), {"--gtest_filter", "safety.huge_claim:safety.packet_too_large"});
  EXPECT_EQ(run.with("pass"), (Ids{"safety.huge_claim", "safety.packet_too_large"})) << run.output;
}

TEST_F(MosquittoSuiteTest, OneThatTakesTinyMessagesFailsTheLargeOne) {
  auto options = good();
  // Told to nobody: PUBACK says no, and MQTT 3.1.1 cannot even say that.
  options.extra_lines.emplace_back("message_size_limit 1024");
  const auto broker = make_broker(options);
  const SuiteRun run = run_with_login(broker->tls_port(), {"--gtest_filter", "delivery.*"});
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_EQ(besides_faults(run.with("fail")), Ids{"delivery.large_payload"}) << run.output;
}

TEST_F(MosquittoSuiteTest, OneThatTellsItsTinyLimitsIsTakenAtItsWord) {
  auto options = good();
  options.max_inflight_messages = 1;
  options.extra_lines.emplace_back("max_packet_size 1024");
  const auto broker = make_broker(options);
  const SuiteRun run = run_with_login(
      broker->tls_port(), {"--gtest_filter", "delivery.*:safety.slow_reader:safety.packet_*"});
  // With one place in flight an expired message keeps it, and the next one never comes.
  EXPECT_EQ(besides_faults(run.with("fail")), Ids{"delivery.message_expired"}) << run.output;
  EXPECT_THAT(run.with("not_applicable"),
              IsSupersetOf(Ids{"delivery.large_payload", "delivery.packet_size_down",
                               "delivery.packet_size_up"}))
      << run.output;
  const Json up = run.check("delivery.receive_maximum_up");
  EXPECT_EQ(up.at("verdict"), "pass") << up.dump(1);
  EXPECT_EQ(up.at("figures").at(0).at("value"), 1) << up.dump(1);
}

TEST_F(MosquittoSuiteTest, OneWithAShortQueueIsWarnedOfItAndFailsWhereItOverflows) {
  auto options = good();
  options.extra_lines = {"max_queued_messages 20"};
  const auto broker = make_broker(options);
  const SuiteRun run = run_with_login(broker->tls_port(), {"--gtest_filter", "delivery.*"});
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_EQ(besides_faults(run.with("fail")), Ids{"delivery.qos1_order"}) << run.output;
  EXPECT_EQ(run.verdict("delivery.queue"), "warning") << run.output;
  const Json queue = run.check("delivery.queue");
  EXPECT_EQ(queue.at("figures").at(0).at("value"), 20) << queue.dump(1);
}

TEST_F(MosquittoSuiteTest, WithoutAFilterThatMatchesItSaysSo) {
  const auto broker = make_broker();
  const SuiteRun run = this->run(broker->tls_port(), {"--gtest_filter", "economi.*"});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.output, HasSubstr("--list"));
}

TEST_F(MosquittoSuiteTest, WritesJUnitAndHtmlBesideJson) {
  const auto broker = make_broker();
  const std::string junit = (dir_.path() / "report.xml").string();
  const std::string html = (dir_.path() / "report.html").string();
  const SuiteRun run = this->run(
      broker->tls_port(), {"--gtest_filter", "identity.*", "--junit", junit, "--html", html});
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(test::read_file(junit), HasSubstr("<testcase name=\"tls_1_3\""));
  const std::string page = test::read_file(html);
  EXPECT_THAT(page, HasSubstr("What to change first"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("http://")));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("https://")));
}

}  // namespace
}  // namespace holdfast::broker_test
