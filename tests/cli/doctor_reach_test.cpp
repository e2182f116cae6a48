// Does `holdfast doctor` go the way that a device's options name: through a proxy and one
// interface, with ALPN, and to more than one broker?

#include <csignal>

#include "cli/doctor_fixture.hpp"
#include "support/connect_proxy.hpp"
#include "support/ports.hpp"
#include "support/scripted_server.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

// A name that only the proxy knows.
constexpr const char* kTarget = "broker.behind.test:8883";
constexpr const char* kUrl = "mqtts://broker.behind.test";

std::string url_of(std::uint16_t port) {
  return "mqtts://127.0.0.1:" + std::to_string(port);
}

class DoctorReachTest : public DoctorTest {
 protected:
  Visit visit_behind(const Words& more) {
    Words all{"doctor", "--broker", kUrl, "--pin", key_.pin, "--pin", backup_.pin};
    all.insert(all.end(), more.begin(), more.end());
    return visit(all);
  }
  // The pins and these brokers.
  Visit visit_all(const std::vector<std::uint16_t>& ports, const Words& more = {}) {
    Words all;
    for (const std::uint16_t port : ports) {
      all.emplace_back("--also-broker");
      all.push_back(url_of(port));
    }
    all.erase(all.begin(), all.begin() + 2);
    all.insert(all.end(), more.begin(), more.end());
    return visit_port(ports.front(), all);
  }
  static Json broker_of(const Visit& visit, std::size_t index) {
    return visit.json.at("brokers").at(index);
  }
};

TEST_F(DoctorReachTest, GoesThroughAProxyEachTime) {
  const auto broker = make_broker();
  const ConnectProxy proxy({.routes = {{kTarget, broker->tls_port()}}});
  const Visit visit = visit_behind({"--proxy", proxy.url()});
  EXPECT_EQ(visit.status, 0) << visit.json.dump(1) << visit.err;
  EXPECT_TRUE(visit.says("name", "the proxy")) << visit.text("name");
  EXPECT_EQ(visit.finding("proxy"), "good");
  EXPECT_GT(visit.step("proxy").at("bytes"), 150) << "CONNECT and its answer";
  EXPECT_EQ(visit.finding("certificate"), "good") << visit.text("certificate");
  EXPECT_EQ(visit.step("resumption").at("resumed"), true);
  EXPECT_EQ(visit.finding("publish"), "good");
  // The device's connection, the look at the certificate, and the second one.
  EXPECT_EQ(proxy.requests().size(), 3U);
  for (const std::string& request : proxy.requests()) {
    EXPECT_TRUE(request.starts_with("CONNECT " + std::string(kTarget)));
  }
}

TEST_F(DoctorReachTest, ShowsThePinBehindAProxy) {
  const auto broker = make_broker();
  const ConnectProxy proxy({.routes = {{kTarget, broker->tls_port()}}});
  const Visit seen = visit({"doctor", "--broker", kUrl, "--proxy", proxy.url()});
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.json.at("pin"), key_.pin);
  EXPECT_EQ(seen.json.at("result"), "unconfirmed");
  EXPECT_EQ(seen.finding("proxy"), "good");
  EXPECT_EQ(count_in_log(*broker, "as holdfast-"), 0U);
}

TEST_F(DoctorReachTest, AProxyThatWantsAPasswordIsToldAndGivenOne) {
  const auto broker = make_broker();
  const ConnectProxy proxy({.routes = {{kTarget, broker->tls_port()}},
                            .authorization = "Basic dHJ1Y2s6c2VzYW1l"});  // truck:sesame
  const Visit without = visit_behind({"--proxy", proxy.url()});
  expect_failed(without, "proxy", 4);
  EXPECT_TRUE(without.says("proxy", "407")) << without.text("proxy");
  EXPECT_TRUE(without.says("proxy", "--proxy-file")) << without.text("proxy");
  dir_.write("proxy", "http://truck:sesame@127.0.0.1:" + std::to_string(proxy.port()) + "\n");
  shell("chmod 600 proxy");
  const Visit with = visit_behind({"--proxy-file", "proxy"});
  EXPECT_EQ(with.status, 0) << with.json.dump(1);
  EXPECT_EQ((with.json.dump() + with.err).find("sesame"), std::string::npos);
}

TEST_F(DoctorReachTest, WhatIsWrongWithTheProxyIsTold) {
  const Visit closed =
      visit_behind({"--proxy", "http://127.0.0.1:" + std::to_string(unused_port())});
  expect_failed(closed, "tcp", 4);
  EXPECT_TRUE(closed.says("tcp", "the proxy")) << closed.text("tcp");
  const ConnectProxy elsewhere({.routes = {}});
  const Visit lost = visit_behind({"--proxy", elsewhere.url()});
  expect_failed(lost, "proxy", 4);
  EXPECT_TRUE(lost.says("proxy", "502")) << lost.text("proxy");
  ScriptedServer silent([](ScriptedConnection& connection) { connection.receive_until_closed(); });
  const Visit hole = visit_behind(
      {"--proxy", "http://127.0.0.1:" + std::to_string(silent.port()), "--timeout", "1s"});
  expect_failed(hole, "proxy", 4);
  EXPECT_TRUE(hole.says("proxy", "no answer of the proxy")) << hole.text("proxy");
}

TEST_F(DoctorReachTest, LeavesThroughTheInterfaceThatIsNamed) {
  const auto broker = make_broker();
  const Visit through = visit_port(broker->tls_port(), {"--interface", "lo"});
  EXPECT_EQ(through.status, 0) << through.json.dump(1);
  EXPECT_EQ(through.step("route").at("interface"), "lo");
  const Visit gone = visit_port(broker->tls_port(), {"--interface", "nowhere0"});
  expect_failed(gone, "route", 4);
  EXPECT_TRUE(gone.says("route", "nowhere0")) << gone.text("route");
  EXPECT_TRUE(gone.says("route", "--interface")) << gone.text("route");
}

TEST_F(DoctorReachTest, NamesItsProtocolInEachHandshake) {
  const auto broker = make_broker();
  const TcpProxy road(broker->tls_port());
  EXPECT_EQ(visit_port(road.port(), {"--alpn", "mqtt"}).status, 0);
  ASSERT_EQ(road.first_bytes().size(), 3U);
  for (const std::string& hello : road.first_bytes()) {
    EXPECT_NE(hello.find("\x04mqtt"), std::string::npos);
  }
  EXPECT_EQ(visit_port(road.port()).status, 0);
  EXPECT_EQ(road.first_bytes().at(3).find("\x04mqtt"), std::string::npos) << "and not unless told";
}

TEST_F(DoctorReachTest, ExaminesEveryBrokerInTurn) {
  const auto one = make_broker();
  const auto two = make_broker();
  const Visit both = visit_all({one->tls_port(), two->tls_port()});
  EXPECT_EQ(both.status, 0) << both.json.dump(1);
  ASSERT_EQ(both.json.at("brokers").size(), 2U);
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < 2; ++index) {
    EXPECT_EQ(broker_of(both, index).at("result"), "good");
    EXPECT_EQ(broker_of(both, index).at("pin"), key_.pin);
    sum += broker_of(both, index).at("bytes").get<std::uint64_t>();
  }
  EXPECT_EQ(both.json.at("bytes"), sum);
  std::size_t published = 0;
  for (const Json& step : both.json.at("steps")) {
    if (step.at("step") != "publish") continue;
    EXPECT_EQ(step.at("broker"), broker_of(both, published++).at("broker"));
  }
  EXPECT_EQ(published, 2U);
  EXPECT_EQ(count_in_log(*one, "as holdfast-"), 1U);
  EXPECT_EQ(count_in_log(*two, "as holdfast-"), 1U);
}

// A device would get along with the others; who asks the doctor wants to know.
TEST_F(DoctorReachTest, OneBrokerThatFailsIsAFailureAndHidesNoOther) {
  const auto hung = make_broker();
  const auto stranger = make_broker({.tls = self_signed(dir_, KeyType::p256, "localhost")});
  const auto good = make_broker();
  hung->signal(SIGSTOP);
  const Visit visit =
      visit_all({hung->tls_port(), stranger->tls_port(), good->tls_port()}, {"--timeout", "6s"});
  hung->signal(SIGCONT);
  EXPECT_EQ(visit.status, 4) << "of the first that failed";
  EXPECT_EQ(visit.json.at("result"), "failed");
  EXPECT_EQ(broker_of(visit, 0).at("exit_code"), 4);
  EXPECT_EQ(broker_of(visit, 1).at("exit_code"), 3);
  EXPECT_EQ(broker_of(visit, 2).at("exit_code"), 0) << visit.json.dump(1);
}

TEST_F(DoctorReachTest, ATableOfSeveralBrokersHasATitleForEach) {
  const auto one = make_broker();
  const auto two = make_broker();
  const auto result =
      cli(words("doctor", one->tls_port(), {"--also-broker", url_of(two->tls_port())}));
  EXPECT_EQ(result.status, 0) << result.err;
  for (const std::uint16_t port : {one->tls_port(), two->tls_port()}) {
    EXPECT_NE(result.out.find(url_of(port) + "\nok    name"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find(url_of(port) + ": healthy"), std::string::npos) << result.out;
  }
  EXPECT_NE(result.out.find("\nthis host\n"), std::string::npos) << result.out;
}

TEST_F(DoctorReachTest, RefusesWhatCannotWork) {
  const std::uint16_t port = unused_port();
  const auto refused = [&](const Words& more) { return cli(words("doctor", port, more)); };
  EXPECT_TRUE(refused({"--also-broker", "mqtt://x"}).says("--also-broker cannot work"));
  EXPECT_TRUE(refused({"--interface", "a/b"}).says("--interface cannot work"));
  EXPECT_TRUE(refused({"--proxy", "https://x:1"}).says("--proxy cannot work"));
  const auto secret = refused({"--proxy", "http://truck:sesame@x:1"});
  EXPECT_EQ(secret.status, 2);
  EXPECT_FALSE(secret.says("sesame")) << secret.err;
}

}  // namespace
}  // namespace holdfast::test
