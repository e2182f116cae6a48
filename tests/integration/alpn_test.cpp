// Does a device name its protocol to servers that share a port?

#include <gtest/gtest.h>

#include "integration/device_fixture.hpp"
#include "integration/handshakes.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

class AlpnTest : public DeviceTest {
 protected:
  // What the log of the server says of the first attempt.
  Options options_with(const std::string& alpn, std::uint16_t port) {
    Options options = options_for(port);
    options.alpn = alpn;
    options.timeouts.connack = 500ms;  // the servers here speak no MQTT
    return options;
  }
};

TEST_F(AlpnTest, NamesItsProtocolToAServerThatWantsOne) {
  const OpensslServer server(key_, {"-alpn", "http/1.1,mqtt"});
  WatchedDevice device(options_with("mqtt", server.port()));
  device->start();
  EXPECT_TRUE(server.wait_output("ALPN protocols selected: mqtt", kBound)) << server.output();
  EXPECT_TRUE(server.wait_output("MQTT", kBound)) << "the handshake was good, and CONNECT came";
}

TEST_F(AlpnTest, TellsThatTheServerSpeaksAnotherProtocol) {
  const OpensslServer server(key_, {"-alpn", "http/1.1"});
  WatchedDevice device(options_with("mqtt", server.port()));
  device->start();
  const auto failed = device.wait_for(EventKind::connect_failed);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, Errc::tls_failed);
  EXPECT_NE(failed->detail.find("no_application_protocol"), std::string::npos) << failed->detail;
  EXPECT_NE(failed->detail.find("set alpn"), std::string::npos) << failed->detail;
}

TEST_F(AlpnTest, IsContentWithABrokerThatPicksNone) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.alpn = "mqtt";
  WatchedDevice device(options);
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

// Servers that share a port may hand a ticket of one protocol to another: it is not even offered.
TEST_F(AlpnTest, OffersATicketUnderTheProtocolAloneThatItWasMadeFor) {
  const OpensslServer server(key_, {"-alpn", "mqtt,other", "-tlsextdebug"});
  VirtualTickets tickets;
  const auto keys = std::make_shared<const pinning::TrustedKeys>(
      pinning::PinSet({key_.pin, backup_.pin}, PinCount::at_least_two));
  // 'F' for a full handshake, 'R' for a resumed one, '?' for none.
  const auto connect = [&](const std::string& alpn) {
    channel::TlsPolicy policy;
    policy.alpn = alpn;
    const auto bill = shake_hands(server.port(), keys, policy, tickets, kBound);
    if (!bill.handshaken) return '?';
    return bill.resumed ? 'R' : 'F';
  };
  const auto offers = [&server] {
    constexpr std::string_view kOffer = "TLS client extension \"psk\" (id=41)";
    const std::string output = server.output();
    std::size_t count = 0;
    for (auto at = output.find(kOffer); at != std::string::npos; at = output.find(kOffer, at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(connect("mqtt"), 'F');
  EXPECT_EQ(connect("mqtt"), 'R');
  EXPECT_TRUE(eventually([&] { return offers() == 1; }, kBound)) << server.output();
  EXPECT_EQ(connect("other"), 'F');
  EXPECT_EQ(connect("other"), 'R') << "one of its own";
  EXPECT_TRUE(eventually([&] { return offers() == 2; }, kBound)) << server.output();
  EXPECT_EQ(connect("mqtt"), 'F');
  EXPECT_EQ(offers(), 2U);
}

TEST_F(AlpnTest, NamesNothingUnlessTold) {
  const OpensslServer server(key_, {"-alpn", "mqtt", "-tlsextdebug"});
  WatchedDevice device(options_with("", server.port()));
  device->start();
  ASSERT_TRUE(server.wait_output("MQTT", kBound)) << server.output();
  EXPECT_EQ(server.output().find("ALPN protocols selected"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::test
