// A broker that demands a client certificate: does it get the right one, signed by the right key?

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "integration/device_fixture.hpp"
#include "support/soft_token.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;

class ClientCertificateTest : public DeviceTest {
 protected:
  Authority authority = make_authority(dir_, KeyType::p256, "fleet");

  // Logs whom a certificate names: mosquitto takes the common name as the user's.
  std::unique_ptr<Mosquitto> make_demanding_broker() {
    return make_broker(
        {.tls_extra_lines = {"require_certificate true", "cafile " + authority.cert_file.string(),
                             "use_identity_as_username true"}});
  }
  Options options_with(const Mosquitto& broker, std::optional<ClientCertificate> certificate) {
    Options options = options_for(broker.tls_port());
    options.client_certificate = std::move(certificate);
    return options;
  }
  static ClientCertificate files_of(const Identity& identity) {
    return {.certificate_file = identity.cert_file, .key_file = identity.key_file};
  }
  void expect_accepted(const Mosquitto& broker, const Options& options, const std::string& name) {
    WatchedDevice device(options);
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery) << broker.log();
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_TRUE(broker.wait_log("u'" + name + "'", kBound)) << broker.log();
  }
  // @return the refusal's text; the message is still there.
  std::string expect_refused(const Options& options) {
    WatchedDevice device(options);
    device->start();
    device.publish("t", "kept");
    const auto event = device.wait_for(EventKind::connect_failed);
    EXPECT_TRUE(event);
    if (!event) return {};
    EXPECT_EQ(event->error, Errc::tls_failed) << event->detail;
    EXPECT_EQ(device->status().waiting, 1u);
    EXPECT_EQ(device->status().counters.delivered, 0u);
    return event->detail;
  }
  static ConfigError refusal(const Options& options) {
    try {
      Device device(options);
    } catch (const ConfigError& error) {
      return error;
    }
    return {"none", "", ""};
  }
};

TEST_F(ClientCertificateTest, NoCertificate) {
  const auto broker = make_demanding_broker();
  const std::string why = expect_refused(options_with(*broker, std::nullopt));
  EXPECT_NE(why.find("certificate_required"), std::string::npos) << why;
  EXPECT_NE(why.find("set client_certificate"), std::string::npos) << why;
}

TEST_F(ClientCertificateTest, ACertificateOfAnotherAuthority) {
  const auto broker = make_demanding_broker();
  const Authority other = make_authority(dir_, KeyType::p256, "other");
  const Identity identity = issue(dir_, other, KeyType::p256, "truck-17");
  const std::string why = expect_refused(options_with(*broker, files_of(identity)));
  EXPECT_NE(why.find("unknown_ca"), std::string::npos) << why;
}

TEST_F(ClientCertificateTest, AnExpiredCertificate) {
  const auto broker = make_demanding_broker();
  const Identity identity = issue(dir_, authority, KeyType::p256, "truck-17",
                                  {.validity = CertificateOptions::Validity::kExpired});
  const std::string why = expect_refused(options_with(*broker, files_of(identity)));
  EXPECT_NE(why.find("certificate_expired"), std::string::npos) << why;
}

class ClientKeyTypeTest : public ClientCertificateTest,
                          public ::testing::WithParamInterface<KeyType> {};

INSTANTIATE_TEST_SUITE_P(Keys, ClientKeyTypeTest,
                         ::testing::Values(KeyType::p256, KeyType::p384, KeyType::rsa2048,
                                           KeyType::ed25519),
                         [](const auto& instance) { return std::string(name_of(instance.param)); });

TEST_P(ClientKeyTypeTest, RightCertificate_Good) {
  const auto broker = make_demanding_broker();
  const Identity identity = issue(dir_, authority, GetParam(), "truck-17");
  expect_accepted(*broker, options_with(*broker, files_of(identity)), "truck-17");
}

TEST_P(ClientKeyTypeTest, AKeyThatIsNotTheCertificatesIsRefusedByName) {
  const auto broker = make_demanding_broker();
  const Identity identity = issue(dir_, authority, GetParam(), "truck-17");
  const Identity other = issue(dir_, authority, GetParam(), "truck-18");
  const ConfigError error =
      refusal(options_with(*broker, ClientCertificate{.certificate_file = identity.cert_file,
                                                      .key_file = other.key_file}));
  EXPECT_EQ(error.field(), "client_certificate.key_file");
  EXPECT_EQ(error.value(), other.key_file.string());
  EXPECT_NE(error.mend().find("not the key of the certificate"), std::string::npos) << error.mend();
}

TEST_F(ClientCertificateTest, AnIntermediateIsSent_Good) {
  const auto broker = make_demanding_broker();
  const Authority between = make_intermediate(dir_, authority, KeyType::p256, "depot");
  const Identity identity = issue(dir_, between, KeyType::p256, "truck-17");
  expect_accepted(*broker, options_with(*broker, files_of(identity)), "truck-17");
}

TEST_F(ClientCertificateTest, FilesThatAreExchangedAreUsedFromTheNextConnectionOn) {
  const auto broker = make_demanding_broker();
  const Identity first = issue(dir_, authority, KeyType::p256, "truck-17");
  const Identity second = issue(dir_, authority, KeyType::p256, "truck-18");
  const auto certificate = dir_.write("device.pem", read_file(first.cert_file));
  const auto key = dir_.write("device.key", read_file(first.key_file));
  ::chmod(key.c_str(), 0600);
  WatchedDevice device(
      options_with(*broker, ClientCertificate{.certificate_file = certificate, .key_file = key}));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_TRUE(device.events_of(EventKind::warning).empty());
  // Half exchanged: the old pair goes on.
  dir_.write("device.pem", read_file(second.cert_file));
  broker->restart();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  const auto warning = device.wait_for(EventKind::warning);
  ASSERT_TRUE(warning);
  for (const std::string& part : {key.string(), certificate.string(), std::string("previous")}) {
    EXPECT_NE(warning->detail.find(part), std::string::npos) << warning->detail;
  }
  EXPECT_TRUE(broker->wait_log("u'truck-17'", kBound)) << broker->log();
  // Whole: the new pair.
  dir_.write("device.key", read_file(second.key_file));
  broker->restart();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 3));
  EXPECT_TRUE(broker->wait_log("u'truck-18'", kBound)) << broker->log();
  EXPECT_EQ(device.events_of(EventKind::warning).size(), 1u) << "one warning for one exchange";
}

TEST_F(ClientCertificateTest, AKeyFileThatOthersCanReadIsWarnedOf) {
  const auto broker = make_demanding_broker();
  const Identity identity = issue(dir_, authority, KeyType::p256, "truck-17");
  ::chmod(identity.key_file.c_str(), 0644);
  WatchedDevice device(options_with(*broker, files_of(identity)));
  device->start();
  const auto warning = device.wait_for(EventKind::warning);
  ASSERT_TRUE(warning);
  EXPECT_NE(warning->detail.find("0644"), std::string::npos) << warning->detail;
  EXPECT_NE(warning->detail.find("chmod 0600"), std::string::npos) << warning->detail;
  ASSERT_TRUE(device.wait_for(EventKind::connected));
}

TEST_F(ClientCertificateTest, FilesThatCannotWorkAreRefusedByName) {
  const auto broker = make_demanding_broker();
  const Identity identity = issue(dir_, authority, KeyType::p256, "truck-17");
  const auto field_of = [&](const fs::path& certificate, const fs::path& key) {
    const ConfigError error = refusal(
        options_with(*broker, ClientCertificate{.certificate_file = certificate, .key_file = key}));
    EXPECT_FALSE(error.mend().empty());
    return error.field();
  };
  const std::string certificate_field = "client_certificate.certificate_file";
  const std::string key_field = "client_certificate.key_file";
  EXPECT_EQ(field_of({}, identity.key_file), certificate_field);
  EXPECT_EQ(field_of(dir_.path() / "missing", identity.key_file), certificate_field);
  EXPECT_EQ(field_of(identity.key_file, identity.key_file), certificate_field);
  EXPECT_EQ(field_of(identity.cert_file, {}), key_field);
  EXPECT_EQ(field_of(identity.cert_file, dir_.path() / "missing"), key_field);
  EXPECT_EQ(field_of(identity.cert_file, identity.cert_file), key_field);
  EXPECT_EQ(field_of(identity.cert_file, dir_.write("empty", "")), key_field);
}

// --- Tokens
// ---------------------------------------------------------------------------------------

class TokenTest : public ClientCertificateTest {
 protected:
  static SoftToken& token() {
    static SoftToken instance;
    return instance;
  }
  static ClientCertificate on_token(const fs::path& certificate, const std::string& label) {
    return {.certificate_file = certificate,
            .key_file = {},
            .pkcs11 = Pkcs11{.module = SoftToken::module(),
                             .token = token().label(),
                             .pin = token().pin(),
                             .pin_file = {},
                             .key_label = label}};
  }
};

TEST_F(TokenTest, AP256KeyThatWasMadeOnTheTokenSigns_Good) {
  const auto broker = make_demanding_broker();
  const Identity identity = token().generate(dir_, authority, "EC:prime256v1", "made-p256");
  expect_accepted(*broker, options_with(*broker, on_token(identity.cert_file, "made-p256")),
                  "made-p256");
}

TEST_F(TokenTest, AnRsaKeyThatWasMadeOnTheTokenSigns_Good) {
  const auto broker = make_demanding_broker();
  const Identity identity = token().generate(dir_, authority, "rsa:2048", "made-rsa");
  expect_accepted(*broker, options_with(*broker, on_token(identity.cert_file, "made-rsa")),
                  "made-rsa");
}

TEST_F(TokenTest, AKeyThatWasImportedSigns_Good) {
  const auto broker = make_demanding_broker();
  for (const KeyType type : {KeyType::p256, KeyType::p384, KeyType::rsa2048}) {
    SCOPED_TRACE(name_of(type));
    const std::string name = std::string("imported-") + name_of(type);
    const Identity identity = issue(dir_, authority, type, name);
    token().import_key(identity.key_file, name);
    ClientCertificate certificate = on_token(identity.cert_file, name);
    certificate.pkcs11->pin.clear();
    certificate.pkcs11->pin_file = dir_.write("pin", token().pin() + "\n");
    expect_accepted(*broker, options_with(*broker, certificate), name);
  }
}

TEST_F(TokenTest, TwoDevicesShareOneToken_Good) {
  const auto broker = make_demanding_broker();
  const Identity identity = token().generate(dir_, authority, "EC:prime256v1", "shared");
  Options options = options_with(*broker, on_token(identity.cert_file, "shared"));
  WatchedDevice one(options);
  options.client_id = "other";
  WatchedDevice other(options);
  one->start();
  other->start();
  EXPECT_TRUE(one.wait_for(EventKind::connected));
  EXPECT_TRUE(other.wait_for(EventKind::connected));
}

TEST_F(TokenTest, WhatCannotWorkIsRefusedByName) {
  const auto broker = make_demanding_broker();
  const Identity identity = token().generate(dir_, authority, "EC:prime256v1", "right");
  token().generate(dir_, authority, "EC:prime256v1", "wrong");
  const auto refused = [&](auto change) {
    ClientCertificate certificate = on_token(identity.cert_file, "right");
    change(certificate);
    const ConfigError error = refusal(options_with(*broker, certificate));
    EXPECT_EQ(std::string(error.what()).find(token().pin()), std::string::npos) << error.what();
    return error.field();
  };
  const std::string prefix = "client_certificate.pkcs11.";
  EXPECT_EQ(refused([](auto&) {}), "none");
  EXPECT_EQ(refused([](auto& c) { c.pkcs11->key_label = "missing"; }), prefix + "key_label");
  EXPECT_EQ(refused([](auto& c) { c.pkcs11->key_label = "wrong"; }), prefix + "key_label");
  EXPECT_EQ(refused([](auto& c) { c.pkcs11->key_label = ""; }), prefix + "key_label");
  EXPECT_EQ(refused([](auto& c) { c.pkcs11->token = "missing"; }), prefix + "token");
  EXPECT_EQ(refused([](auto& c) { c.pkcs11->module = "/missing.so"; }), prefix + "module");
  EXPECT_EQ(refused([](auto& c) { c.pkcs11->pin_file = "/missing"; }), prefix + "pin_file");
  EXPECT_EQ(refused([&](auto& c) { c.key_file = identity.cert_file; }),
            "client_certificate.key_file");
}

}  // namespace
}  // namespace holdfast::test
