// Does `holdfast sub` print what arrives, and end as it should?

#include <nlohmann/json.hpp>

#include <csignal>

#include "cli/cli_fixture.hpp"
#include "support/ports.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;
using SubTest = BrokerCliTest;

TEST_F(SubTest, PrintsTextAsItIsAndOtherBytesInHexadecimal) {
  const auto broker = make_broker();
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("t/1", "grüße", 1, true);
  publisher.publish("t/2", std::string("\x1b[2J\0", 5), 1, true);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto result = cli(words("sub", broker->tls_port(), {"--filter", "t/+", "--count", "2"}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("grüße\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("1b5b324a00\n"), std::string::npos) << result.out;
  EXPECT_TRUE(result.says("hexadecimal")) << result.err;
}

TEST_F(SubTest, RawBytesAreLeftAlone) {
  const auto broker = make_broker();
  const std::string bytes("\xFF\0\n", 3);
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("t", bytes, 1, true);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  EXPECT_EQ(cli(words("sub", broker->tls_port(), {"--topic", "t", "--count", "1", "--raw"})).out,
            bytes);
}

TEST_F(SubTest, JsonHasOneObjectForEachMessage) {
  const auto broker = make_broker();
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("a", "line\nline", 1, true);
  publisher.publish("b", "\xFF\xFE", 1, true);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto text =
      cli(words("sub", broker->tls_port(), {"--topic", "a", "--count", "1", "--json"}));
  EXPECT_EQ(Json::parse(text.out),
            (Json{{"topic", "a"}, {"payload", "line\nline"}, {"retain", true}}));
  const auto binary =
      cli(words("sub", broker->tls_port(), {"--topic", "b", "--count", "1", "--json"}));
  EXPECT_EQ(Json::parse(binary.out),
            (Json{{"topic", "b"}, {"payload_base64", "//4="}, {"retain", true}}));
}

TEST_F(SubTest, CtrlCEndsItCleanly) {
  const auto broker = make_broker();
  const auto sub =
      start_cli(words("sub", broker->tls_port(), {"--topic", "t", "--client-id", "s"}));
  ASSERT_TRUE(broker->wait_log("Sending SUBACK to s", kBound)) << broker->log();
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("t", "hello");
  ASSERT_TRUE(sub->wait_for_line("hello", kBound)) << sub->output();
  sub->signal(SIGINT);
  EXPECT_EQ(sub->wait_exit(kBound), 0) << sub->output();
  EXPECT_TRUE(broker->wait_log("Received DISCONNECT from s", kBound)) << broker->log();
}

TEST_F(SubTest, HowSoonADeadLineIsNoticedIsThePromiseMadeToTheBroker) {
  const auto broker = make_broker();
  const auto sub =
      start_cli(words("sub", broker->tls_port(),
                      {"--topic", "t", "--client-id", "s", "--reachable-within", "90s"}));
  // Mosquitto tells the keep-alive of CONNECT.
  EXPECT_TRUE(broker->wait_log(", k90)", kBound)) << broker->log();
  sub->signal(SIGINT);
  EXPECT_EQ(sub->wait_exit(kBound), 0) << sub->output();
  for (const char* wrong : {"9s", "19h", "soon", "250ms"}) {
    const auto result =
        cli(words("sub", broker->tls_port(), {"--topic", "t", "--reachable-within", wrong}));
    EXPECT_EQ(result.status, 2) << wrong;
    EXPECT_TRUE(result.says("reachable")) << result.err;
  }
  EXPECT_EQ(cli(words("sub", broker->tls_port(), {"--topic", "t", "--hold", "always"})).status, 2)
      << "a subscription holds the line in any case";
}

TEST_F(SubTest, AReaderThatGoesEndsItQuietly) {
  const auto broker = make_broker();
  Publisher publisher({.port = broker->plain_port()});
  for (int n = 0; n < 3; ++n) publisher.publish("t/" + std::to_string(n), "x", 1, true);
  ASSERT_TRUE(publisher.wait_acks(kBound));
  const auto url = "mqtts://127.0.0.1:" + std::to_string(broker->tls_port());
  // The shell's `exec` closes the pipe's reading end after a line; the status is told in a file.
  const auto output =
      shell("{ \"$H\" sub --broker " + url + " --pin " + key_.pin + " --pin " + backup_.pin +
            " --filter 't/#' --timeout 50s 2>&3; echo $? > status; } 3>stderr | head -n 1");
  EXPECT_EQ(output, "x\n");
  EXPECT_EQ(content("status"), "0\n");
  EXPECT_EQ(content("stderr"), "");
}

TEST_F(SubTest, ItsTimeoutIsAnErrorOnlyWhereSomethingIsMissing) {
  const auto broker = make_broker();
  EXPECT_EQ(cli(words("sub", broker->tls_port(), {"--topic", "t", "--timeout", "2s"})).status, 0);
  const auto missing =
      cli(words("sub", broker->tls_port(), {"--topic", "t", "--timeout", "1s", "--count", "1"}));
  EXPECT_EQ(missing.status, 4);
  EXPECT_TRUE(missing.says("0 messages came")) << missing.err;
  EXPECT_EQ(cli(words("sub", unused_port(), {"--topic", "t", "--timeout", "500ms"})).status, 4);
}

TEST_F(SubTest, AWrongKeyARefusedLoginAndARefusedFilterAreToldApart) {
  const auto impostor = make_broker({.tls = self_signed(dir_, KeyType::p256, "localhost")});
  const auto identity = cli(words("sub", impostor->tls_port(), {"--topic", "t"}));
  EXPECT_EQ(identity.status, 3);
  EXPECT_TRUE(identity.says(key_.pin)) << identity.err;
  const auto locked = make_broker({.allow_anonymous = false, .users = {{"ann", "x"}}});
  EXPECT_EQ(cli(words("sub", locked->tls_port(), {"--topic", "t"})).status, 5);
  EXPECT_EQ(cli(words("sub", impostor->tls_port(), {"--topic", "a/#/b"})).status, 2);
}

}  // namespace
}  // namespace holdfast::test
