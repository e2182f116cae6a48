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
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

using Ids = std::set<std::string>;

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
    for (const Words& words : {accepted(), more}) all.insert(all.end(), words.begin(), words.end());
    return run(port, all);
  }
};

TEST_F(MosquittoSuiteTest, AGoodOnePasses) {
  const auto broker = make_broker(good());
  const SuiteRun run = run_with_login(broker->tls_port());
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.failed(), IsEmpty()) << run.output;
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
  EXPECT_EQ(run.failed(), Ids{"identity.tls_1_3"}) << run.output;
}

TEST_F(MosquittoSuiteTest, OneThatLetsAnybodyInFailsThatCheckAndNoOther) {
  auto options = good();
  options.allow_anonymous = true;
  const auto broker = make_broker(options);
  const SuiteRun run = run_with_login(broker->tls_port());
  EXPECT_EQ(run.status, 1) << run.output;
  EXPECT_EQ(run.failed(), Ids{"safety.anonymous"}) << run.output;
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
