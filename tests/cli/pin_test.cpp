// Does `holdfast pin` print what openssl computes, for every kind of key and file?

#include <nlohmann/json.hpp>

#include "cli/cli_fixture.hpp"

namespace holdfast::test {
namespace {

class PinOf : public CliTest, public ::testing::WithParamInterface<KeyType> {
 protected:
  PinOf() : identity_(self_signed(dir_, GetParam(), "broker.test")) {
    const std::string key = identity_.key_file.string();
    shell("cp '" + key + "' key && cp '" + identity_.cert_file.string() + "' crt");
    shell("openssl req -new -key key -subj /CN=x -out csr");
    shell("openssl x509 -in crt -outform der -out crt.der");
    shell("openssl req -in csr -outform der -out csr.der");
    shell("openssl pkey -in key -outform der -out key.der");
    shell("openssl pkey -in key -pubout -out pub");
  }
  Identity identity_;
};

INSTANTIATE_TEST_SUITE_P(Keys, PinOf,
                         ::testing::Values(KeyType::p256, KeyType::p384, KeyType::rsa2048,
                                           KeyType::rsa4096, KeyType::ed25519),
                         [](const auto& instance) { return std::string(name_of(instance.param)); });

TEST_P(PinOf, EqualsWhatOpensslComputes) {
  const std::vector<std::pair<std::string, std::string>> sources{
      {"--cert", "crt"}, {"--cert", "crt.der"}, {"--key", "key"},     {"--key", "key.der"},
      {"--key", "pub"},  {"--csr", "csr"},      {"--csr", "csr.der"},
  };
  for (const auto& [option, file] : sources) {
    const auto result = cli({"pin", option, file});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, identity_.pin + "\n") << option << " " << file;
    EXPECT_TRUE(result.says(file)) << result.err;
    EXPECT_FALSE(result.says("unknown")) << result.err;
  }
}

TEST_P(PinOf, IsOneObjectWithJson) {
  const auto json = nlohmann::json::parse(cli({"pin", "--cert", "crt", "--json"}).out);
  EXPECT_EQ(json.at("pin"), identity_.pin);
  EXPECT_EQ(json.at("source"), "certificate");
  EXPECT_EQ(json.at("file"), "crt");
  EXPECT_NE(json.at("key"), "unknown");
}

using PinTest = CliTest;

TEST_F(PinTest, OlderFormsOfPrivateKeysAreRead) {
  shell("openssl ecparam -name prime256v1 -genkey -noout -out ec");
  shell(
      "openssl genpkey -algorithm RSA -out k 2>/dev/null && openssl rsa -in k -traditional -out "
      "rsa "
      "2>/dev/null");
  for (const std::string file : {"ec", "rsa"}) {
    const auto expected =
        shell("printf sha256/ && openssl pkey -in " + file +
              " -pubout -outform der | openssl dgst -sha256 -binary | openssl base64");
    EXPECT_EQ(cli({"pin", "--key", file}).out, expected);
  }
}

TEST_F(PinTest, TheFirstCertificateOfAChainIsTheLeaf) {
  const Authority root = make_authority(dir_, KeyType::p256, "root");
  const Authority between = make_intermediate(dir_, root, KeyType::p256, "between");
  const Identity leaf = issue(dir_, between, KeyType::p256, "localhost");
  EXPECT_EQ(cli({"pin", "--cert", leaf.cert_file.string()}).out, leaf.pin + "\n");
}

TEST_F(PinTest, StdinIsAFileToo) {
  const Identity identity = self_signed(dir_, KeyType::p256, "x");
  EXPECT_EQ(cli({"pin", "--cert", "-"}, read_file(identity.cert_file)).out, identity.pin + "\n");
  EXPECT_EQ(cli({"pin", "--key", "-"}, read_file(identity.key_file)).out, identity.pin + "\n");
}

TEST_F(PinTest, AnEncryptedKeyIsRefusedWithTheMend) {
  shell(
      "openssl genpkey -algorithm ed25519 -out k && "
      "openssl pkey -in k -aes128 -passout pass:x -out pkcs8");
  shell(
      "openssl ecparam -name prime256v1 -genkey -noout -out k && "
      "openssl ec -in k -aes128 -passout pass:x -out old 2>/dev/null");
  for (const std::string file : {"pkcs8", "old"}) {
    const auto result = cli({"pin", "--key", file});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.says("holdfast pin: " + file + " is encrypted; ")) << result.err;
    EXPECT_TRUE(result.says("openssl pkey -in " + file)) << result.err;
  }
}

TEST_F(PinTest, WhatIsNoneIsAUsageErrorThatNamesTheFile) {
  const Identity identity = self_signed(dir_, KeyType::p256, "x");
  dir_.write("text", "hello\n");
  dir_.write("empty", "");
  dir_.write("damaged", "-----BEGIN CERTIFICATE-----\nAAA*\n-----END CERTIFICATE-----\n");
  const std::vector<Words> wrong{{"--cert", "missing"},
                                 {"--cert", "text"},
                                 {"--cert", "empty"},
                                 {"--cert", "damaged"},
                                 {"--cert", identity.key_file.string()},
                                 {"--key", identity.cert_file.string()},
                                 {"--csr", identity.cert_file.string()},
                                 {"--key", "text"},
                                 {"--csr", "text"}};
  for (const Words& words : wrong) {
    const auto result = cli({"pin", words[0], words[1]});
    EXPECT_EQ(result.status, 2) << words[1];
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.says(words[1])) << result.err;
    EXPECT_LE(std::count(result.err.begin(), result.err.end(), '\n'), 2) << result.err;
  }
}

TEST_F(PinTest, ExactlyOneSourceIsNamed) {
  EXPECT_EQ(cli({"pin"}).status, 2);
  EXPECT_EQ(cli({"pin", "--cert", "a", "--key", "b"}).status, 2);
  EXPECT_EQ(cli({"pin", "--nonsense"}).status, 2);
  EXPECT_EQ(cli({}).status, 2);
  EXPECT_EQ(cli({"--help"}).status, 0);
}

}  // namespace
}  // namespace holdfast::test
