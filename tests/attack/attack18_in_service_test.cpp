// What does a peer with the pinned key get away with, out of the order of TLS 1.3: application data
// before it has finished, and handshake messages once the connection is in service?

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "attack/attack_fixture.hpp"
#include "channel/library_check.hpp"
#include "support/tls13_crypto.hpp"
#include "support/tls13_messages.hpp"

namespace holdfast::test {
namespace {

using EarlyData = HostileTlsOptions::EarlyData;
using tls13::KeyUpdateRequest;
using tls13::MessageType;
using namespace std::string_literals;

// CONNACK: taken for one, it would make a session of a connection that has no proof yet.
const std::string kConnack = "\x20\x03\x00\x00\x00"s;

// What wolfSSL does with a hello in service, by version.
const bool kHelloIsAlerted = channel::library_facts().linked_version < 0x05007002;

class Attack18Test : public AttackTest {
 protected:
  using Act = std::function<void(TlsPeer&)>;

  HostileTlsOptions early(EarlyData place, std::string text) {
    HostileTlsOptions peer = genuine();
    peer.early_data = place;
    peer.early_text = std::move(text);
    return peer;
  }

  // Expects that a connection in service ends when the server does this, that the device has not
  // played along, and that the next connection delivers what comes then.
  void expect_connection_ends(const Act& act, bool alert_is_sent = true) {
    ScriptedBroker broker([&act](TlsPeer& peer, const std::string& payload) {
      if (payload == "one") act(peer);
    });
    HostileTlsOptions peer = genuine();
    peer.script = broker.script();
    HostileTlsServer server(std::move(peer));
    WatchedDevice device(options_for(server.port()));
    device->start();
    ASSERT_TRUE(device.wait_for_delivery(device.publish("t", "one")));
    const auto ended = device.wait_for(EventKind::disconnected);
    ASSERT_TRUE(ended) << "the connection went on";
    EXPECT_EQ(ended->error, Errc::tls_failed) << ended->detail;
    const auto delivery = device.wait_for_delivery(device.publish("t", "two"));
    ASSERT_TRUE(delivery);
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_EQ(broker.messages().all(), (std::vector{"one"s, "two"s}));
    EXPECT_TRUE(device->stop().clean);

    ASSERT_TRUE(server.wait_for_ended(2, kBound));
    const std::vector<HeardFromClient> heard = server.heard();
    EXPECT_EQ(heard.size(), 2u);
    // Its Finished, and no answer to the act.
    EXPECT_EQ(heard[0].messages, std::vector{static_cast<std::uint8_t>(MessageType::kFinished)});
    // RFC 8446 section 6.2 wants an alert; wolfSSL 5.7.2 ends the connection without one.
    EXPECT_TRUE(heard[0].alert || !alert_is_sent) << "the server was not told";
    EXPECT_EQ(heard[0].undecipherable_records, 0u);
  }

  // Expects that messages flow on over the same connection after the server did this.
  HeardFromClient expect_connection_survives(const Act& act, std::size_t key_updates) {
    ScriptedBroker broker([&act](TlsPeer& peer, const std::string&) { act(peer); });
    HostileTlsOptions peer = genuine();
    peer.script = broker.script();
    HostileTlsServer server(std::move(peer));
    WatchedDevice device(options_for(server.port()));
    device->start();
    const std::vector<std::string> texts{"one", "two", "three"};
    for (const std::string& text : texts) {
      const auto delivery = device.wait_for_delivery(device.publish("t", text));
      EXPECT_TRUE(delivery && !delivery->error) << text;
    }
    EXPECT_TRUE(server.wait_for(
        [&](const auto& heard) { return heard.at(0).key_updates >= key_updates * texts.size(); },
        kBound));
    EXPECT_EQ(broker.messages().all(), texts);
    EXPECT_TRUE(device.events_of(EventKind::disconnected).empty());
    EXPECT_TRUE(device->stop().clean);
    EXPECT_TRUE(server.wait_for_ended(1, kBound));
    EXPECT_EQ(server.heard().size(), 1u);
    EXPECT_EQ(server.heard()[0].undecipherable_records, 0u);
    return server.heard()[0];
  }
};

TEST_F(Attack18Test, Attack18_ApplicationDataBeforeTheServerHello) {
  expect_refused(early(EarlyData::kClearBeforeServerHello, kConnack), {Errc::tls_failed});
}

TEST_F(Attack18Test, Attack18_ApplicationDataInClearBeforeFinished) {
  expect_refused(early(EarlyData::kClearBeforeFinished, kConnack), {Errc::tls_failed});
}

TEST_F(Attack18Test, Attack18_ApplicationDataUnderHandshakeKeysBeforeFinished) {
  expect_refused(early(EarlyData::kUnderHandshakeKeys, kConnack), {Errc::tls_failed});
}

TEST_F(Attack18Test, Attack18_ApplicationDataInPlaceOfFinished) {
  HostileTlsOptions peer = early(EarlyData::kAfterFinished, kConnack);
  peer.finish = HostileTlsOptions::Finish::kMissing;
  expect_refused(peer, {Errc::tls_failed});
}

// RFC 8446 section 4.4.4 lets a server send before it has the client's Finished.
TEST_F(Attack18Test, Attack18_ApplicationDataAfterFinished_Good) {
  expect_accepted(early(EarlyData::kAfterFinished, ""));
}

TEST_F(Attack18Test, Attack18_HelloRequestInService) {
  expect_connection_ends([](TlsPeer& peer) { peer.send_message(tls13::hello_request()); });
}

TEST_F(Attack18Test, Attack18_HelloRequestInClearInService) {
  expect_connection_ends(
      [](TlsPeer& peer) { peer.send_handshake_in_clear(tls13::hello_request()); });
}

TEST_F(Attack18Test, Attack18_ClientHelloInService) {
  expect_connection_ends([](TlsPeer& peer) { peer.send_message(tls13::client_hello()); },
                         kHelloIsAlerted);
}

TEST_F(Attack18Test, Attack18_ServerHelloInService) {
  expect_connection_ends([](TlsPeer& peer) { peer.send_message(tls13::server_hello({})); },
                         kHelloIsAlerted);
}

// Another certificate, once the pin has vouched for the first.
TEST_F(Attack18Test, Attack18_CertificateInService) {
  const HostileTlsOptions other = impostor();
  expect_connection_ends(
      [&other](TlsPeer& peer) { peer.send_message(tls13::certificate(other.chain)); });
}

TEST_F(Attack18Test, Attack18_CertificateRequestInService) {
  expect_connection_ends(
      [](TlsPeer& peer) { peer.send_message(tls13::certificate_request("context")); });
}

TEST_F(Attack18Test, Attack18_KeyUpdateThatIsNeitherRequestedNorNot) {
  expect_connection_ends([](TlsPeer& peer) {
    peer.send_message(tls13::message(MessageType::kKeyUpdate, tls13::u8(2)));
  });
}

TEST_F(Attack18Test, Attack18_FatalAlertInService) {
  constexpr std::uint8_t kInternalError = 80;
  ScriptedBroker broker([](TlsPeer& peer, const std::string& payload) {
    if (payload == "one") peer.send_alert(TlsPeer::Level::kFatal, kInternalError);
  });
  HostileTlsOptions peer = genuine();
  peer.script = broker.script();
  HostileTlsServer server(std::move(peer));
  WatchedDevice device(options_for(server.port()));
  device->start();
  device.publish("t", "one");
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));
  const auto delivery = device.wait_for_delivery(device.publish("t", "two"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error);
}

TEST_F(Attack18Test, Attack18_KeyUpdateInService_Good) {
  const auto heard = expect_connection_survives(
      [](TlsPeer& peer) { peer.send_key_update(KeyUpdateRequest::kNotRequested); }, 0);
  EXPECT_EQ(heard.key_updates, 0u);
}

TEST_F(Attack18Test, Attack18_KeyUpdateThatAsksForOneInService_Good) {
  const auto heard = expect_connection_survives(
      [](TlsPeer& peer) { peer.send_key_update(KeyUpdateRequest::kRequested); }, 1);
  EXPECT_EQ(heard.key_updates, 3u);
}

TEST_F(Attack18Test, Attack18_ManyKeyUpdatesInService_Good) {
  expect_connection_survives(
      [](TlsPeer& peer) {
        for (int i = 0; i < 20; ++i) peer.send_key_update(KeyUpdateRequest::kNotRequested);
      },
      0);
}

TEST_F(Attack18Test, Attack18_SessionTicketsInService_Good) {
  expect_connection_survives(
      [](TlsPeer& peer) {
        for (int i = 0; i < 4; ++i) {
          peer.send_message(tls13::new_session_ticket(tls13::random_bytes(200)));
        }
      },
      0);
}

}  // namespace
}  // namespace holdfast::test
