// What happens when the peer is not the broker that was meant? Never an MQTT byte, always a
// sentence that says what is wrong, and always another try.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "integration/device_fixture.hpp"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

class BadPeersTest : public DeviceTest {
 protected:
  // Expects attempts against the peer at `port` to fail in this way, twice; then puts a good broker
  // in its place and expects what was published meanwhile to arrive there.
  void expect_failure_then_recovery(std::uint16_t port, Errc error, std::string_view says,
                                    Options options) {
    const auto broker = make_broker();
    Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
    TcpProxy proxy(port);
    options.broker = "mqtts://127.0.0.1:" + std::to_string(proxy.port());
    WatchedDevice device(std::move(options));
    device->start();
    const MessageId id = device.publish("t", "kept");
    const auto first = device.wait_for(EventKind::connect_failed);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->error, error) << first->detail;
    EXPECT_NE(first->detail.find(says), std::string::npos) << first->detail;
    ASSERT_TRUE(device.wait_for(EventKind::waiting)) << "no other attempt";
    const auto second = device.wait_for(EventKind::connect_failed, 2);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->error, error) << second->detail;
    EXPECT_EQ(device->status().waiting, 1u);

    proxy.set_target(broker->tls_port());
    proxy.cut_all();
    const auto delivery = device.wait_for_delivery(id);
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
    ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
    EXPECT_EQ(subscriber.messages()[0].payload, "kept");
    EXPECT_TRUE(device->stop().clean);
  }

  void expect_failure_then_recovery(std::uint16_t port, Errc error, std::string_view says) {
    expect_failure_then_recovery(port, error, says, options_for(port));
  }
};

TEST_F(BadPeersTest, AClosedPortIsReportedAndTriedAgain) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  proxy.refuse_new(true);
  WatchedDevice device(options_for(proxy.port()));
  device->start();
  const MessageId id = device.publish("t", "kept");
  const auto event = device.wait_for(EventKind::connect_failed, 2);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::connection_refused) << event->detail;
  EXPECT_EQ(event->error, Condition::retry_later);
  EXPECT_NE(event->detail.find(std::to_string(proxy.port())), std::string::npos) << event->detail;
  proxy.refuse_new(false);
  const auto delivery = device.wait_for_delivery(id);
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error);
}

TEST_F(BadPeersTest, AServerThatNeverAnswersIsGivenUpInTime) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.receive_until_closed(); });
  Options options = options_for(server.port());
  options.timeouts.handshake = 1s;  // the recovery goes through the same bound
  expect_failure_then_recovery(server.port(), Errc::timed_out, "TLS handshake", options);
  EXPECT_EQ(server.received().find("MQTT"), std::string::npos);
}

TEST_F(BadPeersTest, AServerThatClosesAtOnceIsNamed) {
  ScriptedServer server([](ScriptedConnection&) {});
  // FIN or RST: it depends on whether it had read what it was sent.
  expect_failure_then_recovery(server.port(), Errc::connection_lost, "before it answered");
}

TEST_F(BadPeersTest, AServerThatResetsAtOnceIsNamed) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.receive(1);
    connection.reset_on_close();
  });
  expect_failure_then_recovery(server.port(), Errc::connection_lost, "connection broke");
}

TEST_F(BadPeersTest, AWebServerIsToldByWhatItSays) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.receive();
    connection.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
  expect_failure_then_recovery(server.port(), Errc::not_tls, "HTTP/1.1 400");
  EXPECT_EQ(server.received().find("MQTT"), std::string::npos);
}

TEST_F(BadPeersTest, ThePlainListenerOfABrokerGetsNoMqttByte) {
  const auto plain = make_broker();
  expect_failure_then_recovery(plain->plain_port(), Errc::connection_lost, "without TLS");
  EXPECT_EQ(count_in_log(*plain, "as device"), 0u);
}

TEST_F(BadPeersTest, AnOlderTlsVersionIsRefused) {
  OpensslServer server(key_, {"-tls1_2"});
  expect_failure_then_recovery(server.port(), Errc::tls_failed, "TLS 1.3");
  EXPECT_EQ(server.output().find("MQTT"), std::string::npos);
}

TEST_F(BadPeersTest, AnonymousSuitesAreRefused) {
  OpensslServer server(key_, {"-tls1_2", "-nocert", "-cipher", "aNULL:@SECLEVEL=0"});
  expect_failure_then_recovery(server.port(), Errc::tls_failed, "TLS 1.3");
  EXPECT_EQ(server.output().find("MQTT"), std::string::npos);
}

TEST_F(BadPeersTest, GarbageInPlaceOfAHandshakeIsRefused) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.receive();
    connection.send(std::string("\x16\x03\x03\x00\x20", 5) + std::string(32, 'x'));
    connection.receive_until_closed();
  });
  expect_failure_then_recovery(server.port(), Errc::tls_failed, "");
}

// The server that proves the right key and then is no broker. It also shows that `output()` would
// tell of MQTT bytes, where the tests above say that there are none.
TEST_F(BadPeersTest, TheRightKeyAloneDoesNotMakeABroker) {
  OpensslServer server(key_);
  WatchedDevice device(options_for(server.port()));
  device->start();
  // Not wait_output(): a CONNECT ends no line.
  ASSERT_TRUE(
      eventually([&] { return server.output().find("MQTT") != std::string::npos; }, kBound));
  server.send("HTTP/1.1 400 Bad Request\r\n");
  const auto event = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::protocol_error);
  EXPECT_EQ(event->error, Condition::fix_configuration);
  EXPECT_NE(event->detail.find("not MQTT"), std::string::npos) << event->detail;
}

TEST_F(BadPeersTest, ABrokerThatNeverAnswersTheLoginIsGivenUpInTime) {
  OpensslServer server(key_);
  Options options = options_for(server.port());
  options.timeouts.connack = 300ms;
  WatchedDevice device(options);
  device->start();
  const auto event = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::timed_out);
  EXPECT_NE(event->detail.find("CONNECT"), std::string::npos) << event->detail;
}

std::vector<int> attempts_of(const WatchedDevice& device) {
  std::vector<int> attempts;
  for (const Event& event : device.events_of(EventKind::waiting)) {
    int attempt = 0;
    EXPECT_EQ(std::sscanf(event.detail.c_str(), "attempt %d in", &attempt), 1) << event.detail;
    attempts.push_back(attempt);
  }
  return attempts;
}

TEST_F(BadPeersTest, ABrokerThatTakesTheLoginAndThenClosesIsNotDialledInATightLoop) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = options_for(proxy.port());
  options.backoff = {.base = 1ms, .cap = 40ms, .stable_after = 1h};
  WatchedDevice device(options);
  device->start();
  for (std::size_t n = 1; n <= 6; ++n) {
    ASSERT_TRUE(device.wait_for(EventKind::connected, n));
    proxy.cut_all(TcpProxy::Cut::kFinish);
  }
  ASSERT_TRUE(device.wait_for(EventKind::waiting, 6));
  // The backoff goes on growing although each login succeeded.
  EXPECT_EQ(attempts_of(device), (std::vector{2, 3, 4, 5, 6, 7}));
}

TEST_F(BadPeersTest, AConnectionThatHasLastedResetsTheBackoff) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  Options options = options_for(proxy.port());
  options.backoff = {.base = 1ms, .cap = 40ms, .stable_after = 0ms};
  WatchedDevice device(options);
  device->start();
  for (std::size_t n = 1; n <= 3; ++n) {
    ASSERT_TRUE(device.wait_for(EventKind::connected, n));
    proxy.cut_all(TcpProxy::Cut::kFinish);
  }
  ASSERT_TRUE(device.wait_for(EventKind::waiting, 3));
  EXPECT_EQ(attempts_of(device), (std::vector{2, 2, 2}));
}

}  // namespace
}  // namespace holdfast::test
