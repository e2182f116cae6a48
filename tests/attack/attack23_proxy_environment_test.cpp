// Does the environment decide where anything connects? Its own program: the variables have to be
// set before the first use of Paho, and concern all of a process.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <mqtt/async_client.h>

#include "integration/device_fixture.hpp"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

const std::vector<const char*> kLowerCase = {"http_proxy", "https_proxy", "all_proxy"};
const std::vector<const char*> kUpperCase = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"};
const std::vector<const char*> kExceptions = {"no_proxy", "NO_PROXY"};

void clear_environment() {
  for (const auto& names : {kLowerCase, kUpperCase, kExceptions}) {
    for (const char* const name : names) ::unsetenv(name);
  }
}

void set_all(const std::vector<const char*>& names, const std::string& value) {
  for (const char* const name : names) ::setenv(name, value.c_str(), 1);
}

class Attack23Test : public DeviceTest {
 protected:
  Attack23Test() { clear_environment(); }
  ~Attack23Test() override { clear_environment(); }

  static std::string url_of(const ScriptedServer& trap) {
    return "http://user:secret@127.0.0.1:" + std::to_string(trap.port());
  }

  // With these variables pointing at a listener, a device connects, delivers, and leaves the
  // listener alone. @param exceptions of no_proxy; empty for none
  void expect_ignored(const std::vector<const char*>& variables, const std::string& exceptions) {
    ScriptedServer trap([](ScriptedConnection& connection) { connection.receive_until_closed(); });
    clear_environment();
    set_all(variables, url_of(trap));
    if (!exceptions.empty()) set_all(kExceptions, exceptions);

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
    EXPECT_EQ(trap.received(), "");
  }
};

TEST_F(Attack23Test, Attack23_LowerCase) {
  expect_ignored(kLowerCase, "");
}

TEST_F(Attack23Test, Attack23_UpperCase) {
  expect_ignored(kUpperCase, "");
}

TEST_F(Attack23Test, Attack23_WithNoProxyForAll) {
  expect_ignored(kLowerCase, "*");
  expect_ignored(kUpperCase, "*");
}

TEST_F(Attack23Test, Attack23_WithNoProxyForOthers) {
  expect_ignored(kLowerCase, "example.com");
  expect_ignored(kUpperCase, "example.com");
}

TEST_F(Attack23Test, Attack23_NoProxyPointsThere) {
  ScriptedServer trap([](ScriptedConnection& connection) { connection.receive_until_closed(); });
  expect_ignored(kLowerCase, url_of(trap));
  EXPECT_EQ(trap.accepts(), 0u);
}

TEST_F(Attack23Test, Attack23_WithoutAny_Good) {
  expect_ignored({}, "");
}

// The trap is a real one: Paho by itself walks into it.
TEST_F(Attack23Test, Attack23_PahoByItselfGoesThere_Good) {
  ScriptedServer trap([](ScriptedConnection& connection) {
    connection.receive();
    connection.send("HTTP/1.1 200 Connection established\r\n\r\n");
  });
  set_all(kLowerCase, url_of(trap));
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
