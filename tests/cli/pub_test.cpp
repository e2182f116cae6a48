// Does `holdfast pub` deliver and wait, and say by its exit code why it could not?

#include <nlohmann/json.hpp>

#include <csignal>

#include "cli/cli_fixture.hpp"
#include "support/connect_proxy.hpp"
#include "support/ports.hpp"
#include "support/subscriber.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;
using PubTest = BrokerCliTest;

TEST_F(PubTest, DeliversOneMessageAtEachQos) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  for (const std::string qos : {"0", "1", "2"}) {
    const auto result = cli(words("pub", broker->tls_port(),
                                  {"--topic", "t", "--message", "qos " + qos, "--qos", qos}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out + result.err, "");
  }
  ASSERT_TRUE(subscriber.wait_for_count(3, kBound));
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(subscriber.messages()[n].payload, "qos " + std::to_string(n));
  }
  EXPECT_EQ(count_in_log(*broker, "as holdfast-pub-"), 3U) << "each call has a name of its own";
}

TEST_F(PubTest, LinesAreMessagesAndEmptyOnesToo) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  const auto result = cli(words("pub", broker->tls_port(), {"--topic", "t", "--lines", "--json"}),
                          "one\n\nthree\r\nlast without an end");
  ASSERT_EQ(result.status, 0) << result.err;
  ASSERT_TRUE(subscriber.wait_for_count(4, kBound));
  std::vector<std::string> payloads;
  for (const auto& message : subscriber.messages()) payloads.push_back(message.payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"one", "", "three\r", "last without an end"}));
  const auto json = Json::parse(result.out);
  EXPECT_EQ(json.at("published"), 4);
  EXPECT_EQ(json.at("delivered"), 4);
  EXPECT_EQ(json.at("connections"), 1);
  EXPECT_EQ(json.at("handshakes"), 1);
  EXPECT_EQ(json.at("resumed"), false);
  EXPECT_EQ(json.at("pin"), key_.pin);
  EXPECT_TRUE(json.at("error").is_null());
  EXPECT_GT(json.at("bytes_up"), 500);
  EXPECT_GT(json.at("bytes_down"), 500);
  std::uint64_t up = 0;
  for (const auto& [cause, bytes] : json.at("bytes_by_cause").items())
    up += bytes.at("up").get<std::uint64_t>();
  EXPECT_EQ(json.at("bytes_up"), up);
  EXPECT_EQ(json.at("bytes_by_cause").at("payload").at("up"), 3 + 0 + 6 + 19);
}

TEST_F(PubTest, GoesThroughAProxyAndToAnotherBroker) {
  const auto broker = make_broker();
  const ConnectProxy proxy({.routes = {{"second.test:443", broker->tls_port()}},
                            .authorization = "Basic dHJ1Y2s6c2VzYW1l"});
  const Words more{
      "--topic", "t",    "--message",   "x", "--also-broker", "mqtts://second.test:443",
      "--alpn",  "mqtt", "--interface", "lo"};
  Words good = words("pub", 1, more);
  const std::string port = std::to_string(proxy.port());
  const auto file = dir_.write("proxy", "http://truck:sesame@127.0.0.1:" + port + "\n");
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  good.insert(good.end(), {"--proxy-file", file.string()});
  const auto result = cli(good);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(proxy.requests().size(), 2u) << "the first broker has its turn first";

  Words secret = words("pub", 1, more);
  secret.insert(secret.end(), {"--proxy", "http://truck:sesame@127.0.0.1:" + port});
  const auto refused = cli(secret);
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(refused.says("--proxy-file")) << refused.err;
  EXPECT_FALSE(refused.says("sesame")) << refused.err;
}

TEST_F(PubTest, TheSecondCallResumesTheTlsSession) {
  const auto broker = make_broker();
  const auto publish = [&](const std::string& state_dir) {
    const auto result = cli(words("pub", broker->tls_port(),
                                  {"--topic", "t", "--message", "m", "--json", "--state-dir",
                                   (dir_.path() / state_dir).string()}));
    EXPECT_EQ(result.status, 0) << result.err;
    return Json::parse(result.out);
  };
  const auto first = publish("state");
  EXPECT_EQ(first.at("resumed"), false);
  const auto second = publish("state");
  EXPECT_EQ(second.at("resumed"), true);
  EXPECT_EQ(second.at("handshakes"), 0);
  EXPECT_EQ(second.at("connections"), 1);
  EXPECT_EQ(second.at("pin"), key_.pin);
  EXPECT_LT(second.at("bytes_down"), first.at("bytes_down"));
  EXPECT_EQ(publish("another").at("resumed"), false);
}

TEST_F(PubTest, ManyLinesArriveInOrder) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  constexpr int kLines = 5'000;  // five times what may be under way
  std::string lines;
  for (int n = 0; n < kLines; ++n) lines += std::to_string(n) + "\n";
  EXPECT_EQ(cli(words("pub", broker->tls_port(), {"--topic", "t", "--lines"}), lines).status, 0);
  ASSERT_TRUE(subscriber.wait_for_count(kLines, kBound));
  const auto messages = subscriber.messages();
  for (std::size_t n = 0; n < messages.size(); ++n) {
    ASSERT_EQ(messages[n].payload, std::to_string(n));
  }
}

TEST_F(PubTest, ALineGoesOutBeforeTheNextOneComes) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  const auto pub = start_cli(words("pub", broker->tls_port(), {"--topic", "t", "--lines"}));
  ASSERT_TRUE(pub->write_input("first\n"));
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound)) << pub->output();
  ASSERT_TRUE(pub->write_input("second\n"));
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound)) << pub->output();
  // Everything that was read is delivered: an interruption leaves nothing behind.
  pub->signal(SIGINT);
  EXPECT_EQ(pub->wait_exit(kBound), 130) << pub->output();
}

TEST_F(PubTest, ARetainedFileIsPublishedByteForByte) {
  const auto broker = make_broker();
  std::string bytes;
  for (int n = 0; n < 1'000; ++n) bytes += static_cast<char>(n % 256);
  dir_.write("set", bytes);
  ASSERT_EQ(cli(words("pub", broker->tls_port(),
                      {"--topic", "fleet/pins", "--retain", "--message-file", "set"}))
                .status,
            0);
  Subscriber late({.port = broker->plain_port(), .filter = "fleet/pins"});
  ASSERT_TRUE(late.wait_for_count(1, kBound));
  EXPECT_EQ(late.messages()[0].payload, bytes);
  EXPECT_TRUE(late.messages()[0].retain);
}

TEST_F(PubTest, AWrongKeyEndsItWithoutAByteOfMqtt) {
  const Identity stranger = self_signed(dir_, KeyType::p256, "localhost");
  OpensslServer impostor(stranger, {"-msg"});
  const auto result = cli(
      words("pub", impostor.port(),
            {"--topic", "topic-of-the-test", "--message", "secret", "--client-id", "device-1"}));
  EXPECT_EQ(result.status, 3);
  for (const std::string& pin : {stranger.pin, key_.pin, backup_.pin}) {
    EXPECT_TRUE(result.says(pin)) << result.err;
  }
  ASSERT_TRUE(impostor.wait_output("ClientHello", kBound));
  ASSERT_TRUE(impostor.wait_output("Alert", kBound)) << impostor.output();
  for (const char* const part : {"MQTT", "topic-of-the-test", "secret", "device-1"}) {
    EXPECT_EQ(impostor.output().find(part), std::string::npos) << impostor.output();
  }
  // Its handshake never ended: no record of the client's could be opened.
  EXPECT_EQ(impostor.output().find("<<< TLS 1.3, Handshake [length 0024], Finished"),
            std::string::npos)
      << impostor.output();
}

TEST_F(PubTest, AWrongKeyIsTheErrorInTheJsonObjectToo) {
  const auto broker = make_broker({.tls = self_signed(dir_, KeyType::p256, "localhost")});
  const auto result =
      cli(words("pub", broker->tls_port(), {"--topic", "t", "--message", "x", "--json"}));
  EXPECT_EQ(result.status, 3);
  const auto json = Json::parse(result.out);
  EXPECT_EQ(json.at("published"), 1);
  EXPECT_EQ(json.at("delivered"), 0);
  EXPECT_EQ(json.at("handshakes"), 0);
  EXPECT_TRUE(json.at("pin").is_null());
  EXPECT_NE(json.at("error").get<std::string>().find(key_.pin), std::string::npos);
}

TEST_F(PubTest, AClosedPortIsNotReachableWhenTheTimeIsOver) {
  const auto result =
      cli(words("pub", unused_port(), {"--topic", "t", "--message", "x", "--timeout", "500ms"}));
  EXPECT_EQ(result.status, 4);
  EXPECT_TRUE(result.says("0 of 1 messages")) << result.err;
}

TEST_F(PubTest, ABrokerThatComesLateIsReached) {
  const auto broker = make_broker();
  broker->stop();
  const auto pub = start_cli(
      words("pub", broker->tls_port(), {"--topic", "t", "--message", "x", "--timeout", "50s"}));
  broker->start();
  EXPECT_EQ(pub->wait_exit(kBound), 0) << pub->output();
}

TEST_F(PubTest, ABrokerThatNeverAnswersIsNotReachable) {
  const auto broker = make_broker();
  broker->signal(SIGSTOP);
  const auto result = cli(
      words("pub", broker->tls_port(), {"--topic", "t", "--message", "x", "--timeout", "700ms"}));
  broker->signal(SIGCONT);
  EXPECT_EQ(result.status, 4) << result.err;
  EXPECT_TRUE(result.says("not done within 700ms")) << result.err;
}

TEST_F(PubTest, AWrongPasswordIsRefusedAndTheRightOneIsNot) {
  const auto broker = make_broker({.allow_anonymous = false, .users = {{"ann", "right"}}});
  dir_.write("right", "right\n");
  dir_.write("wrong", "wrong\n");
  shell("chmod 600 right wrong");
  const auto with = [&](const std::string& file) {
    return cli(
        words("pub", broker->tls_port(),
              {"--topic", "t", "--message", "x", "--username", "ann", "--password-file", file}));
  };
  const auto refused = with("wrong");
  EXPECT_EQ(refused.status, 5) << refused.err;
  EXPECT_FALSE(refused.says("wrong")) << "a password is never repeated: " << refused.err;
  const auto taken = with("right");
  EXPECT_EQ(taken.status, 0) << taken.err;
  EXPECT_EQ(taken.err, "");
  shell("chmod 644 right");
  const auto open = with("right");
  EXPECT_EQ(open.status, 0);
  EXPECT_TRUE(open.says("chmod 600 right")) << open.err;
  EXPECT_EQ(with("missing").status, 2);
  dir_.write("empty", "\n");
  EXPECT_EQ(with("empty").status, 2);
}

TEST_F(PubTest, ATopicThatTheAccessListForbidsIsRefused) {
  const auto acl = dir_.write("acl", "topic readwrite open/#\n");
  const auto broker = make_broker({.extra_lines = {"acl_file " + acl.string()}});
  const auto refused =
      cli(words("pub", broker->tls_port(), {"--topic", "closed", "--message", "x", "--json"}));
  EXPECT_EQ(refused.status, 5) << refused.err;
  EXPECT_EQ(Json::parse(refused.out).at("delivered"), 0);
  const auto open = cli(words("pub", broker->tls_port(), {"--topic", "open/a", "--message", "x"}));
  EXPECT_EQ(open.status, 0) << open.err;
}

TEST_F(PubTest, OnePinAloneIsTakenWithAWarning) {
  const auto broker = make_broker();
  const auto result =
      cli({"pub", "--broker", "mqtts://127.0.0.1:" + std::to_string(broker->tls_port()), "--pin",
           key_.pin, "--topic", "t", "--message", "x"});
  EXPECT_EQ(result.status, 0);
  EXPECT_TRUE(result.says("one pin alone")) << result.err;
}

TEST_F(PubTest, AnAuthorityIsAskedForBesidesThePin) {
  const Authority root = make_authority(dir_, KeyType::p256, "root");
  const Authority other = make_authority(dir_, KeyType::p256, "other");
  key_ = issue(dir_, root, KeyType::p256, "localhost");
  const auto broker = make_broker();
  const auto with = [&](const Authority& authority) {
    return cli(words("pub", broker->tls_port(),
                     {"--topic", "t", "--message", "x", "--timeout", "20s", "--ca",
                      authority.cert_file.string()}));
  };
  const auto taken = with(root);
  EXPECT_EQ(taken.status, 0) << taken.err;
  const auto refused = with(other);
  EXPECT_EQ(refused.status, 3) << refused.err;
  EXPECT_EQ(
      cli(words("pub", broker->tls_port(), {"--topic", "t", "--message", "x", "--ca", "missing"}))
          .status,
      2);
}

TEST_F(PubTest, AClientCertificateIsShownToABrokerThatWantsOne) {
  const Authority root = make_authority(dir_, KeyType::p256, "root");
  const Identity client = issue(dir_, root, KeyType::p256, "device");
  const auto broker = make_broker(
      {.tls_extra_lines = {"require_certificate true", "cafile " + root.cert_file.string()}});
  const Words message{"--topic", "t", "--message", "x", "--timeout", "3s"};
  EXPECT_NE(cli(words("pub", broker->tls_port(), message)).status, 0);
  Words with = words("pub", broker->tls_port(), message);
  with.insert(with.end(), {"--cert", client.cert_file.string(), "--key", client.key_file.string()});
  const auto taken = cli(with);
  EXPECT_EQ(taken.status, 0) << taken.err;
  with.resize(with.size() - 2);
  EXPECT_EQ(cli(with).status, 2) << "a certificate without its key";
}

TEST_F(PubTest, Mqtt311IsSpokenWhenToldTo) {
  const auto broker = make_broker();
  EXPECT_EQ(
      cli(words("pub", broker->tls_port(), {"--topic", "t", "--message", "x", "--mqtt", "3.1.1"}))
          .status,
      0);
  EXPECT_TRUE(broker->wait_log("(p2,", kBound)) << broker->log();
}

TEST_F(PubTest, WhatCannotWorkIsAUsageErrorInOneLine) {
  const std::string broker = "mqtts://127.0.0.1:1";
  const Words good{"--broker", broker, "--pin", key_.pin, "--topic", "t", "--message", "x"};
  const std::vector<std::pair<std::size_t, std::string>> wrong{{1, "mqtt://127.0.0.1:1"},
                                                               {1, "mqtts://"},
                                                               {3, "sha256/short"},
                                                               {3, "sha1/x"},
                                                               {5, "a/#"},
                                                               {5, ""}};
  for (const auto& [at, value] : wrong) {
    Words words{"pub"};
    words.insert(words.end(), good.begin(), good.end());
    words[at + 1] = value;
    const auto result = cli(words);
    EXPECT_EQ(result.status, 2) << value << ": " << result.err;
    EXPECT_TRUE(result.says("holdfast pub: ")) << result.err;
  }
  for (const Words& more : {Words{"--lines"}, Words{"--qos", "3"}, Words{"--timeout", "soon"},
                            Words{"--nonsense"}, Words{"--client-id", std::string(200, 'x')}}) {
    Words words{"pub"};
    words.insert(words.end(), good.begin(), good.end());
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(cli(words).status, 2) << more[0];
  }
  EXPECT_EQ(cli({"pub", "--broker", broker, "--topic", "t", "--message", "x"}).status, 2);
}

TEST_F(PubTest, ALineThatIsTooLongIsNamed) {
  const auto broker = make_broker();
  const auto result = cli(words("pub", broker->tls_port(), {"--topic", "t", "--lines"}),
                          "short\n" + std::string(300 * 1024, 'x'));
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("line 2")) << result.err;
}

TEST_F(PubTest, HowTheLineIsHeldIsOneOfTwoWays) {
  const auto broker = make_broker();
  for (const char* how : {"automatic", "always"}) {
    const auto result =
        cli(words("pub", broker->tls_port(), {"--topic", "t", "--message", "x", "--hold", how}));
    EXPECT_EQ(result.status, 0) << how << ": " << result.err;
  }
  const auto wrong =
      cli(words("pub", broker->tls_port(), {"--topic", "t", "--message", "x", "--hold", "never"}));
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(wrong.says("--hold")) << wrong.err;
  EXPECT_EQ(cli(words("pub", broker->tls_port(),
                      {"--topic", "t", "--message", "x", "--reachable-within", "90s"}))
                .status,
            2)
      << "nobody reaches a publisher";
}

}  // namespace
}  // namespace holdfast::test
