// Does wolfCrypt read and write keys as the openssl command does?

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "crypto/certificate.hpp"
#include "crypto/pem.hpp"
#include "crypto/public_key.hpp"
#include "crypto/signing_key.hpp"
#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::crypto {
namespace {

using Der = std::vector<std::uint8_t>;
using test::KeyType;

class KeysTest : public testing::Test {
 protected:
  // Runs a line of shell in the test's directory and returns what it prints.
  std::string shell(const std::string& line) {
    const auto result = test::run({"sh", "-c", "cd \"$0\" && " + line, dir_.path().string()},
                                  std::chrono::seconds(60));
    EXPECT_EQ(result.status, 0) << line << ":\n" << result.output;
    return result.output;
  }
  Der der(const std::string& name) {
    const std::string text = test::read_file(dir_.path() / name);
    return {text.begin(), text.end()};
  }
  Der first_block(const std::string& name) {
    std::string why;
    const auto blocks = read_pem(test::read_file(dir_.path() / name), why);
    return blocks && !blocks->empty() ? blocks->front().der : Der();
  }

  test::TempDir dir_;
  std::string why_;
};

struct Case {
  const char* name;
  const char* make;  // writes the file key, with a PEM block of the private key first in it
  const char* kind;
};

class KeyOf : public KeysTest, public testing::WithParamInterface<Case> {};

TEST_P(KeyOf, HasThePublicKeyThatOpensslPrints) {
  shell(GetParam().make);
  shell("openssl pkey -in key -pubout -outform der -out spki");
  const auto spki = public_key_of(first_block("key"), why_);
  ASSERT_TRUE(spki) << why_;
  EXPECT_EQ(*spki, der("spki"));
  EXPECT_EQ(kind_of_key(*spki), GetParam().kind);
}

TEST_P(KeyOf, IsRefusedWhenItIsCutOff) {
  shell(GetParam().make);
  Der key = first_block("key");
  key.resize(key.size() - 3);
  EXPECT_FALSE(public_key_of(key, why_));
  EXPECT_FALSE(why_.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Forms, KeyOf,
    testing::Values(
        Case{"Rsa2048", "openssl genpkey -quiet -algorithm RSA -out key", "RSA-2048"},
        Case{"Rsa2048Pkcs1",
             "openssl genpkey -quiet -algorithm RSA -out k && openssl rsa -in k -traditional -out "
             "key",
             "RSA-2048"},
        Case{"P256", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key",
             "P-256"},
        Case{"P256Sec1", "openssl ecparam -name prime256v1 -genkey -noout -out key", "P-256"},
        Case{"P256Sec1WithoutThePublicHalf",
             "openssl ecparam -name prime256v1 -genkey -noout -out k && "
             "openssl ec -in k -no_public -out key",
             "P-256"},
        Case{"P384", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key",
             "P-384"},
        Case{"P384Sec1", "openssl ecparam -name secp384r1 -genkey -noout -out key", "P-384"},
        Case{"Ed25519", "openssl genpkey -algorithm ed25519 -out key", "Ed25519"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_F(KeysTest, AKeyWithAForeignPublicHalfIsRefused) {
  shell("openssl ecparam -name prime256v1 -genkey -noout -outform der -out a");
  shell("openssl ecparam -name prime256v1 -genkey -noout -outform der -out b");
  Der mixed = der("a");
  const Der other = der("b");
  ASSERT_TRUE(public_key_of(mixed, why_)) << why_;
  std::copy(other.end() - 64, other.end(), mixed.end() - 64);  // the point stands last
  EXPECT_FALSE(public_key_of(mixed, why_));
  EXPECT_NE(why_.find("do not belong together"), std::string::npos) << why_;
}

TEST_F(KeysTest, APointInItsShortFormIsRefusedWithTheMend) {
  shell("openssl ecparam -name prime256v1 -genkey -noout -out k");
  shell("openssl ec -in k -conv_form compressed -out key");
  ASSERT_TRUE(public_key_of(first_block("k"), why_)) << why_;
  EXPECT_FALSE(public_key_of(first_block("key"), why_));
  EXPECT_NE(why_.find("short form"), std::string::npos) << why_;
}

TEST_F(KeysTest, ASigningKeyIsReadByOpensslAndReadsOpenssls) {
  const SigningKey key = SigningKey::generate();
  dir_.write("ours", write_pem("PRIVATE KEY", key.pkcs8()));
  shell("openssl pkey -in ours -pubout -outform der -out spki && openssl pkey -in ours -out same");
  EXPECT_EQ(test::read_file(dir_.path() / "ours"), test::read_file(dir_.path() / "same"));
  const Der spki = der("spki");
  EXPECT_TRUE(std::equal(key.public_key().begin(), key.public_key().end(), spki.end() - 32));

  shell("openssl genpkey -algorithm ed25519 -out theirs");
  const auto theirs = SigningKey::from_pkcs8(first_block("theirs"), why_);
  ASSERT_TRUE(theirs) << why_;
  EXPECT_EQ(theirs->pkcs8(), first_block("theirs"));
  EXPECT_NE(theirs->public_key(), key.public_key());
}

TEST_F(KeysTest, WhatAKeySignsIsVerifiedAndNothingElse) {
  const SigningKey key = SigningKey::generate();
  const Der message{1, 2, 3};
  const Signature signature = key.sign(message);
  EXPECT_TRUE(verify_ed25519(key.public_key(), message, signature));
  EXPECT_FALSE(verify_ed25519(key.public_key(), Der{1, 2, 4}, signature));
  EXPECT_FALSE(verify_ed25519(SigningKey::generate().public_key(), message, signature));
  dir_.write("message", "\1\2\3");
  dir_.write("key", write_pem("PRIVATE KEY", key.pkcs8()));
  shell("openssl pkeyutl -sign -rawin -inkey key -in message -out signature");
  EXPECT_EQ(Der(signature.begin(), signature.end()), der("signature"))
      << "RFC 8032 leaves no choice";
}

TEST_F(KeysTest, AnotherKindOfKeyDoesNotSign) {
  shell("openssl ecparam -name prime256v1 -genkey -noout -out key");
  EXPECT_FALSE(SigningKey::from_pkcs8(first_block("key"), why_));
  EXPECT_FALSE(why_.empty());
}

TEST_F(KeysTest, AMadeCertificateIsOneToOpenssl) {
  const auto made = make_p256_key({"broker.test", "10.0.0.7", "2001:db8::7"}, 3650);
  dir_.write("key", write_pem("PRIVATE KEY", made.pkcs8));
  dir_.write("crt", write_pem("CERTIFICATE", made.certificate));
  shell(
      "openssl verify -CAfile crt -x509_strict -check_ss_sig crt || openssl verify -CAfile crt "
      "crt");
  const std::string text = shell("openssl x509 -in crt -noout -text");
  EXPECT_TRUE(std::regex_search(text, std::regex("Subject: CN ?= ?broker.test"))) << text;
  for (const char* part : {"DNS:broker.test", "IP Address:10.0.0.7",
                           "IP Address:2001:DB8:0:0:0:0:0:7", "prime256v1", "Version: 3"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  shell("openssl x509 -in crt -noout -checkend $((3600 * 24 * 3648))");
  shell("! openssl x509 -in crt -noout -checkend $((3600 * 24 * 3651))");
  shell("openssl pkey -in key -pubout > a && openssl x509 -in crt -noout -pubkey > b && cmp a b");
}

TEST_F(KeysTest, ACertificateNeedsNamesThatAreSome) {
  for (const char* name : {"", "a b", "a..b", ".a", "a/b", "*", "a.*"}) {
    EXPECT_THROW(make_p256_key({name}, 10), std::invalid_argument) << name;
  }
  EXPECT_NO_THROW(make_p256_key({"*.example.com"}, 10));
}

TEST(Pem, KeepsLabelsAndSkipsTextAround) {
  std::string why;
  const auto blocks = read_pem(
      "text\n-----BEGIN A B-----\nAAEC\n-----END A B-----\nmore\n" + write_pem("C", Der(100, 7)),
      why);
  ASSERT_TRUE(blocks) << why;
  ASSERT_EQ(blocks->size(), 2u);
  EXPECT_EQ(blocks->at(0).label, "A B");
  EXPECT_EQ(blocks->at(0).der, (Der{0, 1, 2}));
  EXPECT_EQ(blocks->at(1).der, Der(100, 7));
}

TEST(Pem, RefusesWhatIsDamaged) {
  for (const std::string body : {"", "A", "AA=A", "AAA*", "AA==AAAA", "===="}) {
    std::string why;
    EXPECT_FALSE(read_pem("-----BEGIN X-----\n" + body + "\n-----END X-----\n", why)) << body;
    EXPECT_FALSE(why.empty());
  }
  std::string why;
  EXPECT_FALSE(read_pem("-----BEGIN X-----\nAAAA\n-----END Y-----\n", why));
  EXPECT_FALSE(read_pem("-----BEGIN X\nAAAA\n-----END X-----\n", why));
}

TEST(Pem, TellsAnEncryptedBlock) {
  std::string why;
  const auto blocks = read_pem(
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
      "-----END RSA PRIVATE KEY-----\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n",
      why);
  ASSERT_TRUE(blocks) << why;
  ASSERT_EQ(blocks->size(), 2u);
  EXPECT_TRUE(blocks->at(0).encrypted);
  EXPECT_TRUE(blocks->at(1).encrypted);
}

TEST(Base64, IsTheStandardOne) {
  EXPECT_EQ(to_base64(Der{}), "");
  EXPECT_EQ(to_base64(Der{'f'}), "Zg==");
  EXPECT_EQ(to_base64(Der{'f', 'o', 'o', 'b', 'a', 'r'}), "Zm9vYmFy");
  EXPECT_EQ(to_base64(Der(100, 0)).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace holdfast::crypto
