// Does the environment decide where anything connects? Its own program: the variables have to be
// set before the first use of Paho, and concern all of a process.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include <mqtt/async_client.h>

#include "integration/device_fixture.hpp"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

constexpr const char* kVariables[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                      "HTTPS_PROXY", "all_proxy",  "ALL_PROXY"};

class ProxyEnvironmentTest : public DeviceTest {
 protected:
  ~ProxyEnvironmentTest() override {
    for (const char* const name : kVariables) ::unsetenv(name);
    ::unsetenv("no_proxy");
  }

  void set_proxy(std::uint16_t port) {
    const std::string url = "http://user:secret@127.0.0.1:" + std::to_string(port);
    for (const char* const name : kVariables) ::setenv(name, url.c_str(), 1);
  }

  void expect_proxy_is_ignored(const char* no_proxy) {
    ScriptedServer trap([](ScriptedConnection& connection) { connection.receive_until_closed(); });
    set_proxy(trap.port());
    if (no_proxy != nullptr) ::setenv("no_proxy", no_proxy, 1);

    const auto broker = make_broker();
    Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
    Options options = options_for(broker->tls_port());
    options.username = "truck";
    options.password = "never in clear";
    WatchedDevice device(options);
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_TRUE(subscriber.wait_for_count(1, kBound));
    EXPECT_TRUE(device->stop().clean);
    EXPECT_EQ(trap.accepts(), 0u) << trap.received();
  }
};

TEST_F(ProxyEnvironmentTest, AProxyOfTheEnvironmentSeesNothing) {
  expect_proxy_is_ignored(nullptr);
}

TEST_F(ProxyEnvironmentTest, NorWithNoProxyForAll) {
  expect_proxy_is_ignored("*");
}

TEST_F(ProxyEnvironmentTest, NorWithNoProxyForOthers) {
  expect_proxy_is_ignored("example.com");
}

// The trap is a real one: Paho by itself walks into it.
TEST_F(ProxyEnvironmentTest, PahoByItselfGoesThere) {
  ScriptedServer trap([](ScriptedConnection& connection) {
    connection.receive();
    connection.send("HTTP/1.1 200 Connection established\r\n\r\n");
  });
  set_proxy(trap.port());
  const auto broker = make_broker();
  ::mqtt::async_client client("tcp://127.0.0.1:" + std::to_string(broker->plain_port()), "paho");
  ::mqtt::connect_options options;
  options.set_connect_timeout(2);
  const auto token = client.connect(options);
  const bool caught = trap.wait_for_received(8, 10s);
  try {
    token->wait_for(10s);
  } catch (const ::mqtt::exception&) {
    // The trap has closed the connection.
  }
  if (!caught) GTEST_SKIP() << "this version of Paho C does not read http_proxy for 127.0.0.1";
  EXPECT_TRUE(trap.received().starts_with("CONNECT ")) << trap.received();
}

}  // namespace
}  // namespace holdfast::test
