// Is the hostile TLS server, told to do nothing wrong, a correct server also to OpenSSL?

#include <gtest/gtest.h>

#include <chrono>
#include <string>

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

INSTANTIATE_TEST_SUITE_P(Keys, HostileTlsServerTest,
                         ::testing::Values(KeyType::p256, KeyType::rsa2048),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace holdfast::test
