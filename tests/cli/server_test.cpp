// Does `holdfast pin --server` look, say what it saw, and send nothing?

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"
#include "support/ports.hpp"
#include "support/scripted_server.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

using ServerTest = CliTest;

std::string at(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

class ServerWith : public CliTest, public ::testing::WithParamInterface<KeyType> {};

INSTANTIATE_TEST_SUITE_P(Keys, ServerWith,
                         ::testing::Values(KeyType::p256, KeyType::p384, KeyType::rsa2048,
                                           KeyType::rsa4096, KeyType::ed25519),
                         [](const auto& instance) { return std::string(name_of(instance.param)); });

TEST_P(ServerWith, ShowsItsPinWithAWarning) {
  const Identity identity = self_signed(dir_, GetParam(), "broker.test");
  OpensslServer server(identity);
  const auto result = cli({"pin", "--server", at(server.port())});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, identity.pin + "\n");
  EXPECT_TRUE(result.says("WARNING")) << result.err;
  EXPECT_TRUE(result.says("holdfast pin --key")) << result.err;
  EXPECT_TRUE(result.says("broker.test")) << result.err;
}

TEST_F(ServerTest, SendsNotOneByteOfApplicationData) {
  const Identity identity = self_signed(dir_, KeyType::p256, "broker.test");
  // -msg shows each record; "Q" at the end of its input does not come, so it goes on serving.
  OpensslServer server(identity, {"-msg"});
  ASSERT_EQ(cli({"pin", "--server", at(server.port())}).status, 0);
  // The client's Finished proves that the handshake ended; its close_notify comes last.
  ASSERT_TRUE(server.wait_output("<<< TLS 1.3, Alert", kBound)) << server.output();
  const std::string seen = server.output();
  EXPECT_NE(seen.find("<<< TLS 1.3, Handshake [length 0024], Finished"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("ApplicationData [length"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("MQTT"), std::string::npos);
}

TEST_F(ServerTest, ShowsTheKeysAboveTheLeafApart) {
  const Authority root = make_authority(dir_, KeyType::p256, "root");
  const Authority between = make_intermediate(dir_, root, KeyType::p256, "between");
  const Identity leaf = issue(dir_, between, KeyType::p256, "localhost");
  OpensslServer server(leaf);
  const auto plain = cli({"pin", "--server", at(server.port())});
  EXPECT_EQ(plain.out, leaf.pin + "\n");
  EXPECT_TRUE(plain.says(between.pin)) << plain.err;
  const auto json =
      nlohmann::json::parse(cli({"pin", "--server", at(server.port()), "--json"}).out);
  EXPECT_EQ(json.at("pin"), leaf.pin);
  EXPECT_EQ(json.at("chain"), nlohmann::json::array({between.pin}));
  EXPECT_NE(json.at("warning").get<std::string>().find("network"), std::string::npos);
}

TEST_F(ServerTest, AnExpiredCertificateHasAPinToo) {
  const Identity identity = self_signed(dir_, KeyType::p256, "broker.test",
                                        {.validity = CertificateOptions::Validity::kExpired});
  OpensslServer server(identity);
  EXPECT_EQ(cli({"pin", "--server", at(server.port())}).out, identity.pin + "\n");
}

TEST_F(ServerTest, AnswersOfOtherKindsAreNotReachable) {
  const Identity identity = self_signed(dir_, KeyType::p256, "broker.test");
  OpensslServer old(identity, {"-tls1_2"});
  EXPECT_EQ(cli({"pin", "--server", at(old.port())}).status, 4);
  ScriptedServer ssh([](ScriptedConnection& connection) {
    connection.send("SSH-2.0-OpenSSH_9.2\r\n");
    connection.receive_until_closed();
  });
  const auto result = cli({"pin", "--server", at(ssh.port())});
  EXPECT_EQ(result.status, 4);
  EXPECT_TRUE(result.says("SSH-2.0")) << result.err;
}

TEST_F(ServerTest, AServerThatIsSilentOrGoneIsNotReachable) {
  ScriptedServer silent([](ScriptedConnection& connection) { connection.receive_until_closed(); });
  const auto quiet = cli({"pin", "--server", at(silent.port()), "--timeout", "300ms"});
  EXPECT_EQ(quiet.status, 4);
  EXPECT_TRUE(quiet.says("in time")) << quiet.err;
  const auto closed = cli({"pin", "--server", at(unused_port())});
  EXPECT_EQ(closed.status, 4);
  EXPECT_EQ(closed.out, "");
  EXPECT_TRUE(closed.says("refused")) << closed.err;
  EXPECT_EQ(cli({"pin", "--server", "does-not-exist.invalid:1"}).status, 4);
}

TEST_F(ServerTest, Ipv6AddressesStandInBrackets) {
  ScriptedServer silent([](ScriptedConnection& connection) { connection.send("no TLS"); },
                        {.family = ScriptedServerOptions::Family::kIPv6});
  const auto result = cli({"pin", "--server", "[::1]:" + std::to_string(silent.port())});
  EXPECT_EQ(result.status, 4);
  EXPECT_TRUE(result.says("no TLS")) << result.err;
  EXPECT_EQ(cli({"pin", "--server", "::1:8883"}).status, 2);
}

TEST_F(ServerTest, AnAddressThatIsNoneIsAUsageError) {
  for (const std::string server : {"host:99999", "host:", "a b", "[::1", "mqtt://host"}) {
    const auto result = cli({"pin", "--server", server});
    EXPECT_EQ(result.status, 2) << server;
    EXPECT_TRUE(result.says("--server")) << result.err;
  }
  EXPECT_EQ(cli({"pin", "--server", "host", "--timeout", "soon"}).status, 2);
}

}  // namespace
}  // namespace holdfast::test
