// Does a device reach its broker through an HTTP proxy, and say what is wrong when it does not?

#include <gtest/gtest.h>
#include <unistd.h>

#include <regex>
#include <stdexcept>

#include "integration/device_fixture.hpp"
#include "support/connect_proxy.hpp"
#include "support/ports.hpp"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

// A name that only the proxy knows.
constexpr const char* kTarget = "broker.behind.test:8883";
constexpr const char* kBroker = "mqtts://broker.behind.test";

class ProxyTest : public DeviceTest {
 protected:
  Options options_through(const std::string& proxy) {
    Options options = options_for(8883);
    options.broker = kBroker;
    options.proxy = proxy;
    return options;
  }
  void expect_delivery(Options options) {
    WatchedDevice device(std::move(options));
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_TRUE(device.events_of(EventKind::connect_failed).empty());
  }
  // The first failure of a device with these options.
  Event failure_of(Options options) {
    WatchedDevice device(std::move(options));
    device->start();
    const auto failed = device.wait_for(EventKind::connect_failed);
    EXPECT_TRUE(failed);
    EXPECT_TRUE(device.events_of(EventKind::connected).empty());
    return failed.value_or(Event{});
  }
};

TEST_F(ProxyTest, ReachesABrokerThatOnlyTheProxyCanResolve) {
  const auto broker = make_broker();
  const ConnectProxy proxy({.routes = {{kTarget, broker->tls_port()}}});
  WatchedDevice device(options_through(proxy.url()));
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
  EXPECT_EQ(device->status().address,
            std::string(kTarget) + " through the proxy 127.0.0.1:" + std::to_string(proxy.port()));
  EXPECT_EQ(proxy.requests().at(0).find("CONNECT broker.behind.test:8883 HTTP/1.1\r\n"), 0U);
}

TEST_F(ProxyTest, ComesBackThroughTheProxy) {
  const auto broker = make_broker();
  ConnectProxy proxy({.routes = {{kTarget, broker->tls_port()}}});
  WatchedDevice device(options_through(proxy.url()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  proxy.cut_all();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  EXPECT_EQ(proxy.tunnels(), 2U);
}

TEST_F(ProxyTest, ShowsUserAndPasswordToTheProxyAlone) {
  const auto broker = make_broker();
  const ConnectProxy proxy({.routes = {{kTarget, broker->tls_port()}},
                            .authorization = "Basic dHJ1Y2s6b3BlbiBzZXNhbWU="});
  const std::string port = std::to_string(proxy.port());
  expect_delivery(options_through("http://truck:open%20sesame@127.0.0.1:" + port));
  const Event failed = failure_of(options_through("http://truck:wrong@127.0.0.1:" + port));
  EXPECT_EQ(failed.error, Errc::proxy_refused);
  EXPECT_EQ(failed.error, Condition::fix_configuration);
  EXPECT_NE(failed.detail.find("407"), std::string::npos) << failed.detail;
  EXPECT_EQ(failed.detail.find("wrong"), std::string::npos) << failed.detail;
}

TEST_F(ProxyTest, TellsThatTheProxyCannotReachTheBroker) {
  const ConnectProxy proxy({});
  const Event failed = failure_of(options_through(proxy.url()));
  EXPECT_EQ(failed.error, Errc::unreachable) << failed.detail;
  EXPECT_NE(failed.detail.find("502 Bad Gateway"), std::string::npos) << failed.detail;
  EXPECT_NE(failed.detail.find(kTarget), std::string::npos) << failed.detail;
}

TEST_F(ProxyTest, TellsThatTheProxyForbidsTheTunnel) {
  const ConnectProxy proxy({.answer = "HTTP/1.1 403 Forbidden\r\n\r\n"});
  const Event failed = failure_of(options_through(proxy.url()));
  EXPECT_EQ(failed.error, Errc::proxy_refused) << failed.detail;
}

TEST_F(ProxyTest, TellsThatNoProxyIsThere) {
  const Event failed =
      failure_of(options_through("http://127.0.0.1:" + std::to_string(unused_port())));
  EXPECT_EQ(failed.error, Errc::connection_refused);
  EXPECT_NE(failed.detail.find("the proxy"), std::string::npos) << failed.detail;
}

TEST_F(ProxyTest, TellsThatWhatIsThereIsNoProxy) {
  const auto broker = make_broker();
  const Event failed =
      failure_of(options_through("http://127.0.0.1:" + std::to_string(broker->plain_port())));
  EXPECT_EQ(failed.error, Errc::connection_lost) << failed.detail;
  EXPECT_NE(failed.detail.find("HTTP proxy"), std::string::npos) << failed.detail;
  const ConnectProxy other({.answer = "220 mail.example.com ESMTP\r\n"});
  EXPECT_EQ(failure_of(options_through(other.url())).error, Errc::proxy_refused);
}

TEST_F(ProxyTest, EndsAProxyThatNeverAnswers) {
  const ScriptedServer silent([](ScriptedConnection& peer) { peer.receive_until_closed(); });
  Options options = options_through("http://127.0.0.1:" + std::to_string(silent.port()));
  options.timeouts.handshake = 200ms;
  const Event failed = failure_of(options);
  EXPECT_EQ(failed.error, Errc::timed_out);
  EXPECT_NE(failed.detail.find("answer of the proxy"), std::string::npos) << failed.detail;
}

TEST_F(ProxyTest, EndsAProxyThatNeverStopsTalking) {
  const ScriptedServer chatty([](ScriptedConnection& peer) {
    peer.receive();
    peer.send("HTTP/1.1 200 OK\r\n");
    while (peer.send("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  const Event failed =
      failure_of(options_through("http://127.0.0.1:" + std::to_string(chatty.port())));
  EXPECT_EQ(failed.error, Errc::proxy_refused) << failed.detail;
}

// A real one. It resolves names by itself, so the broker is "localhost" to it.
TEST_F(ProxyTest, GoesThroughTinyproxy) {
  if (::access("/usr/bin/tinyproxy", X_OK) != 0) GTEST_SKIP() << "tinyproxy is not installed";
  const auto broker = make_broker();
  const std::uint16_t port = unused_port();
  const std::string config = "Port " + std::to_string(port) +
                             "\nListen 127.0.0.1\nTimeout 600\nMaxClients 20\n" + "ConnectPort " +
                             std::to_string(broker->tls_port()) + "\nBasicAuth truck sesame\n";
  const auto tinyproxy = Process::spawn(
      {"/usr/bin/tinyproxy", "-d", "-c", dir_.write("tinyproxy.conf", config).string()});
  ASSERT_TRUE(tinyproxy->wait_for_line("Accepting connections", kBound)) << tinyproxy->output();
  Options options = options_for(broker->tls_port());
  options.broker = "mqtts://localhost:" + std::to_string(broker->tls_port());
  options.proxy = "http://truck:sesame@127.0.0.1:" + std::to_string(port);
  expect_delivery(options);

  options.proxy = "http://127.0.0.1:" + std::to_string(port);
  const Event failed = failure_of(options);
  EXPECT_EQ(failed.error, Errc::proxy_refused);
  EXPECT_NE(failed.detail.find("407"), std::string::npos) << failed.detail;
}

}  // namespace
}  // namespace holdfast::test
