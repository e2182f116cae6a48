// Is the hostile TLS server, told to do nothing wrong, a correct server also to OpenSSL?

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/hostile_tls_server.hpp"
#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {
namespace {

constexpr std::chrono::seconds kBound{30};

class HostileTlsServerTest : public ::testing::TestWithParam<KeyType> {
 protected:
  TempDir dir_;
};

TEST_P(HostileTlsServerTest, IsACorrectServerToOpenssl) {
  const Identity identity = self_signed(dir_, GetParam(), "localhost");
  HostileTlsOptions options = correct_server(identity);
  options.script = [](TlsPeer& peer) {
    peer.send_message(tls13::new_session_ticket("ticket"));
    peer.send("hello\n");
    peer.send_key_update(tls13::KeyUpdateRequest::kRequested);
    peer.send("changed\n");
  };
  HostileTlsServer server(options);
  const auto client = Process::spawn(
      {"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(server.port()), "-CAfile",
       identity.cert_file.string(), "-verify_return_error", "-groups", "X25519"},
      {.input = ProcessOptions::Input::kKeptOpen});
  ASSERT_TRUE(client->wait_for_line("hello", kBound)) << client->output();
  ASSERT_TRUE(client->wait_for_line("changed", kBound)) << client->output();
  ASSERT_TRUE(client->write_input("to the server\n"));
  EXPECT_TRUE(server.wait_for(
      [](const auto& heard) { return heard.at(0).application_data == "to the server\n"; }, kBound));
  EXPECT_EQ(server.heard()[0].key_updates, 1u);
  EXPECT_EQ(server.heard()[0].undecipherable_records, 0u);
}

struct Way {
  const char* name;
  HostileTlsOptions::Tickets tickets;
};

class HostileTicketsTest : public ::testing::TestWithParam<Way> {
 protected:
  // Connects with OpenSSL, which is content with both ways, until the server has said hello.
  std::string visit(std::uint16_t port, const std::vector<std::string>& more) {
    std::vector<std::string> words{
        "openssl", "s_client", "-connect",         "127.0.0.1:" + std::to_string(port),
        "-groups", "X25519",   "-allow_no_dhe_kex"};
    words.insert(words.end(), more.begin(), more.end());
    const auto client = Process::spawn(words, {.input = ProcessOptions::Input::kKeptOpen});
    EXPECT_TRUE(client->wait_for_line("hello", kBound)) << client->output();
    client->terminate();
    return client->output();
  }

  TempDir dir_;
};

TEST_P(HostileTicketsTest, AreTakenByOpensslInBothWays) {
  const Identity identity = self_signed(dir_, KeyType::p256, "localhost");
  HostileTlsOptions options = correct_server(identity);
  options.tickets = GetParam().tickets;
  options.script = [](TlsPeer& peer) { peer.send("hello\n"); };
  HostileTlsServer server(options);
  const std::string session = (dir_.path() / "session").string();
  EXPECT_EQ(visit(server.port(), {"-sess_out", session}).find("Reused, "), std::string::npos);
  const std::string output = visit(server.port(), {"-sess_in", session});
  EXPECT_NE(output.find("Reused, TLSv1.3"), std::string::npos) << output;
  const bool exchanged = output.find("Server Temp Key: X25519") != std::string::npos;
  EXPECT_EQ(exchanged, GetParam().tickets == HostileTlsOptions::Tickets::kWithExchange) << output;
  EXPECT_FALSE(server.heard().at(0).resumed);
  EXPECT_TRUE(server.heard().at(1).resumed);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, HostileTicketsTest,
    ::testing::Values(Way{"WithExchange", HostileTlsOptions::Tickets::kWithExchange},
                      Way{"WithoutExchange", HostileTlsOptions::Tickets::kWithoutExchange}),
    [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Keys, HostileTlsServerTest,
                         ::testing::Values(KeyType::p256, KeyType::rsa2048),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace holdfast::test
