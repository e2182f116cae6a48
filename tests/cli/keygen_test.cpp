// Does `holdfast keygen` make keys that openssl and mosquitto take, and overwrite none?

#include <sys/stat.h>

#include "cli/cli_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using KeygenTest = CliTest;

mode_t mode_of(const std::string& file) {
  struct stat facts {};
  EXPECT_EQ(::stat(file.c_str(), &facts), 0) << file;
  return facts.st_mode & 0777U;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST_F(KeygenTest, MakesTwoKeysWithTheirPins) {
  const auto result =
      cli({"keygen", "--out", "made/here", "--name", "broker.test", "--name", "10.0.0.7"});
  ASSERT_EQ(result.status, 0) << result.err;
  const auto pins = lines_of(result.out);
  ASSERT_EQ(pins.size(), 2u);
  EXPECT_NE(pins[0], pins[1]);
  EXPECT_EQ(pins[0], pin_of(dir_.path() / "made/here/broker.crt"));
  EXPECT_EQ(pins[1], pin_of(dir_.path() / "made/here/backup.crt"));
  for (const std::string name : {"broker", "backup"}) {
    EXPECT_EQ(mode_of(path("made/here/" + name + ".key")), 0600u);
    shell("openssl pkey -in made/here/" + name + ".key -pubout > a && openssl x509 -in made/here/" +
          name + ".crt -pubkey -noout > b && cmp a b");
    EXPECT_NE(shell("openssl x509 -in made/here/" + name + ".crt -noout -ext subjectAltName")
                  .find("DNS:broker.test, IP Address:10.0.0.7"),
              std::string::npos);
  }
}

TEST_F(KeygenTest, OverwritesNothingAndLeavesNoHalf) {
  ASSERT_EQ(cli({"keygen", "--name", "a"}).status, 0);
  const std::string key = content("broker.key");
  const auto again = cli({"keygen", "--name", "a"});
  EXPECT_EQ(again.status, 2);
  EXPECT_EQ(again.out, "");
  EXPECT_TRUE(again.says("broker.key")) << again.err;
  EXPECT_EQ(content("broker.key"), key);

  dir_.write("other/backup.crt", "precious");
  EXPECT_EQ(cli({"keygen", "--name", "a", "--out", "other"}).status, 2);
  EXPECT_FALSE(there("other/broker.key"));
  EXPECT_EQ(content("other/backup.crt"), "precious");
}

TEST_F(KeygenTest, RefusesNamesAndDaysThatAreNone) {
  for (const Words& words : {Words{"--name", "a b"}, Words{"--name", ""}, Words{"--days", "0"},
                             Words{"--days", "-5"}, Words{"--days", "99999"}}) {
    EXPECT_EQ(cli({"keygen", words[0], words[1]}).status, 2) << words[1];
  }
  EXPECT_FALSE(there("broker.key"));
}

TEST_F(KeygenTest, MosquittoServesWithTheKeyAndPubReachesIt) {
  const auto made = cli({"keygen", "--name", "localhost"});
  ASSERT_EQ(made.status, 0) << made.err;
  const auto pins = lines_of(made.out);
  Mosquitto broker(
      {.tls = Identity{dir_.path() / "broker.key", dir_.path() / "broker.crt", pins[0], {}}});
  broker.start();
  Subscriber subscriber({.port = broker.plain_port(), .filter = "t"});
  const auto result =
      cli({"pub", "--broker", "mqtts://localhost:" + std::to_string(broker.tls_port()), "--pin",
           pins[0], "--pin", pins[1], "--topic", "t", "--message", "hello"});
  EXPECT_EQ(result.status, 0) << result.err;
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].payload, "hello");
}

TEST_F(KeygenTest, ARootKeyIsWhatOpensslWrites) {
  const auto made = cli({"keygen", "--root"});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(mode_of(path("root.key")), 0600u);
  shell("openssl pkey -in root.key -out same && cmp root.key same");
  EXPECT_EQ(made.out, shell("printf ed25519/ && openssl pkey -in root.key -pubout -outform der | "
                            "tail -c 32 | openssl base64"));
  EXPECT_EQ(cli({"keygen", "--root"}).status, 2) << "it is not overwritten";
  EXPECT_EQ(cli({"keygen", "--root", "--name", "x", "--out", "y"}).status, 2);
}

}  // namespace
}  // namespace holdfast::test
