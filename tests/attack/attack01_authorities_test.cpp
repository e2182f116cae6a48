// TrustMode::pinned_and_ca against real brokers: authority, host name, date and pin are all needed.
// The numbers are those of the list of attacks that the trust code must survive.

#include <gtest/gtest.h>

#include <string>

#include "integration/device_fixture.hpp"
#include "support/process.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

class CaModeTest : public DeviceTest {
 protected:
  Authority root = make_authority(dir_, KeyType::p256, "root");
  Authority between = make_intermediate(dir_, root, KeyType::p256, "between");
  Identity leaf = issue(dir_, between, KeyType::p256, "localhost");

  Options options_with(std::vector<std::string> pins, const std::filesystem::path& ca_file) {
    Options options = options_for(8883);
    options.trust = TrustMode::pinned_and_ca;
    options.ca_file = ca_file;
    pins.push_back(backup_.pin);
    options.pins = std::move(pins);
    return options;
  }

  static std::string url(const Mosquitto& broker, const std::string& host = "127.0.0.1") {
    return "mqtts://" + host + ":" + std::to_string(broker.tls_port());
  }

  // The device refuses this broker, says so with all of `parts`, and has sent it nothing.
  void expect_refused(const Identity& shown, Options options,
                      const std::vector<std::string>& parts) {
    const auto broker = make_broker({.tls = shown});
    const std::string host = options.broker.substr(0, options.broker.rfind(':'));
    options.broker = host + ":" + std::to_string(broker->tls_port());
    WatchedDevice device(options);
    device->start();
    device.publish("t", "kept");
    const auto event = device.wait_for(EventKind::connect_failed);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->error, Errc::identity_refused) << event->detail;
    for (const std::string& part : parts) {
      EXPECT_NE(event->detail.find(part), std::string::npos) << part << ": " << event->detail;
    }
    EXPECT_EQ(device->status().counters.delivered, 0u);
    EXPECT_EQ(device->status().waiting, 1u);
    EXPECT_EQ(count_in_log(*broker, "as device"), 0u);
  }

  void expect_accepted(const Identity& shown, Options options, const std::string& vouching,
                       const std::string& host = "127.0.0.1") {
    const auto broker = make_broker({.tls = shown});
    options.broker = url(*broker, host);
    WatchedDevice device(options);
    device->start();
    const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
    ASSERT_TRUE(delivery) << device.events().back().detail;
    EXPECT_FALSE(delivery->error) << delivery->detail;
    EXPECT_EQ(device->status().vouching_pin, vouching);
    EXPECT_EQ(device->status().counters.pin_failures, 0u);
  }

  // `own`, with the certificates of the file `behind` sent after its chain.
  Identity appended(const Identity& own, const std::filesystem::path& behind) {
    Identity both = own;
    both.cert_file = dir_.write("appended.pem", read_file(own.cert_file) + read_file(behind));
    return both;
  }
};

TEST_F(CaModeTest, Attack01_RightCaWrongKey) {
  const Identity other = issue(dir_, root, KeyType::p256, "localhost");
  expect_refused(other, options_with({leaf.pin}, root.cert_file), {other.pin, leaf.pin});
}

TEST_F(CaModeTest, Attack01_RightCaRightKey_Good) {
  expect_accepted(leaf, options_with({leaf.pin}, root.cert_file), leaf.pin);
}

TEST_F(CaModeTest, Attack01_APinOfTheIntermediate_Good) {
  expect_accepted(leaf, options_with({between.pin}, root.cert_file), between.pin);
}

TEST_F(CaModeTest, Attack01_APinOfTheRoot_Good) {
  expect_accepted(leaf, options_with({root.pin}, root.cert_file), root.pin);
}

TEST_F(CaModeTest, Attack01_TheLeafVouchesFirst_Good) {
  expect_accepted(leaf, options_with({root.pin, between.pin, leaf.pin}, root.cert_file), leaf.pin);
}

TEST_F(CaModeTest, Attack02_UnknownCaRightKey) {
  const Authority other = make_authority(dir_, KeyType::p256, "other");
  expect_refused(leaf, options_with({leaf.pin}, other.cert_file),
                 {"between", other.cert_file.string()});
}

TEST_F(CaModeTest, Attack02_UnknownCaRightKey_Pinned_Good) {
  Options options = options_with({leaf.pin}, {});
  options.trust = TrustMode::pinned;
  expect_accepted(leaf, options, leaf.pin);
}

TEST_F(CaModeTest, Attack02_SelfSignedLeafWithThePinnedKey) {
  const Identity lone =
      self_signed(dir_, KeyType::p256, "localhost", {.existing_key = leaf.key_file});
  expect_refused(lone, options_with({leaf.pin}, root.cert_file), {"localhost"});
}

TEST_F(CaModeTest, Attack03_PinnedLeafAppendedToAnotherValidChain) {
  const Identity other = issue(dir_, root, KeyType::p256, "localhost");
  expect_refused(appended(other, leaf.cert_file), options_with({leaf.pin}, root.cert_file), {});
}

TEST_F(CaModeTest, Attack03_PinnedIntermediateAppendedToAnotherValidChain) {
  const Identity other = issue(dir_, root, KeyType::p256, "localhost");
  expect_refused(appended(other, between.cert_file), options_with({between.pin}, root.cert_file),
                 {other.pin});
}

TEST_F(CaModeTest, Attack03_AnotherAuthorityAppendedToTheRightChain_Good) {
  const Authority stranger = make_authority(dir_, KeyType::p256, "stranger");
  expect_accepted(appended(leaf, stranger.cert_file), options_with({leaf.pin}, root.cert_file),
                  leaf.pin);
}

TEST_F(CaModeTest, Attack04_CloneOfTheCa) {
  const Authority clone = make_authority(dir_, KeyType::p256, "root");
  const Identity forged = issue(dir_, clone, KeyType::p256, "localhost");
  for (const Identity& shown : {forged, appended(forged, clone.cert_file)}) {
    expect_refused(shown, options_with({forged.pin, clone.pin, root.pin}, root.cert_file), {});
  }
}

TEST_F(CaModeTest, Attack04_CloneOfTheCa_Good) {
  const Authority clone = make_authority(dir_, KeyType::p256, "root");
  const Identity forged = issue(dir_, clone, KeyType::p256, "localhost");
  expect_accepted(forged, options_with({forged.pin}, clone.cert_file), forged.pin);
}

// wolfSSL keeps the intermediates of earlier connections; a chain with a gap stays refused.
TEST_F(CaModeTest, AChainWithAGapIsRefusedAlsoAfterTheWholeOne) {
  const auto broker = make_broker({.tls = leaf});
  Options options = options_with({leaf.pin}, root.cert_file);
  options.broker = url(*broker);
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  Identity gap = leaf;
  const std::string chain = read_file(leaf.cert_file);
  gap.cert_file = dir_.write("gap.pem", chain.substr(0, chain.find("-----BEGIN", 10)));
  broker->stop();
  broker->options().tls = gap;
  broker->start();
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));
  bool refused = false;
  for (std::size_t n = 1; n < 100 && !refused; ++n) {
    const auto event = device.wait_for(EventKind::connect_failed, n);
    ASSERT_TRUE(event);
    refused = event->error == Errc::identity_refused;
    if (refused) {
      EXPECT_NE(event->detail.find("intermediates"), std::string::npos) << event->detail;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(device.events_of(EventKind::connected).size(), 1u);
}

class NameTest : public CaModeTest {
 protected:
  Identity named(std::vector<std::string> alt_names) {
    return issue(dir_, root, KeyType::p256, "localhost",
                 {.alt_names = std::move(alt_names), .existing_key = leaf.key_file});
  }
  Options options() { return options_with({leaf.pin}, root.cert_file); }
  Options options(const std::string& host) {
    Options with_host = options();
    with_host.broker = "mqtts://" + host + ":1";
    return with_host;
  }
};

TEST_F(NameTest, Attack09_WrongName) {
  expect_refused(named({"DNS:elsewhere.example"}), options("localhost"),
                 {"elsewhere.example", "localhost"});
}

TEST_F(NameTest, Attack09_RightName_Good) {
  expect_accepted(named({"DNS:localhost"}), options(), leaf.pin, "localhost");
}

TEST_F(NameTest, Attack09_UpperCase_Good) {
  expect_accepted(named({"DNS:LocalHost"}), options(), leaf.pin, "LOCALHOST");
}

TEST_F(NameTest, Attack09_WildcardAlone) {
  expect_refused(named({"DNS:*"}), options("localhost"), {"localhost"});
  expect_refused(named({"DNS:l*t"}), options("localhost"), {"localhost"});
}

TEST_F(NameTest, Attack09_AddressWrittenAsAName) {
  expect_refused(named({"DNS:127.0.0.1"}), options("127.0.0.1"),
                 {"for DNS:127.0.0.1 and not for 127.0.0.1"});
}

TEST_F(NameTest, Attack09_AddressAsAnAddress_Good) {
  expect_accepted(named({"IP:127.0.0.1"}), options(), leaf.pin);
}

TEST_F(NameTest, Attack09_AnotherAddress) {
  expect_refused(named({"IP:127.0.0.2", "DNS:localhost"}), options("127.0.0.1"), {"127.0.0.2"});
}

TEST_F(NameTest, Attack09_EmbeddedNul) {
  // DNS:"localhost" NUL ".evil.org"
  expect_refused(
      named({"DER:30:15:82:13:6c:6f:63:61:6c:68:6f:73:74:00:2e:65:76:69:6c:2e:6f:72:67"}),
      options("localhost"), {"localhost"});
}

TEST_F(NameTest, Attack09_CommonNameOnly) {
  // An authority's certificate has no subject alternative name, and serves as a leaf here.
  const Authority bare = make_intermediate(dir_, root, KeyType::p256, "localhost");
  const Identity shown{bare.key_file, bare.cert_file, bare.pin, {}};
  Options with_host = options_with({bare.pin}, root.cert_file);
  with_host.broker = "mqtts://localhost:1";
  expect_refused(shown, with_host, {"subjectAltName DNS:localhost"});
}

TEST_F(NameTest, Attack09_CommonNameBesideAnAddressOfAnotherKind) {
  expect_refused(named({"email:a@localhost"}), options("localhost"), {"localhost"});
  expect_refused(named({"URI:localhost"}), options("localhost"), {"localhost"});
}

class DateTest : public CaModeTest {};

TEST_F(DateTest, Attack10_ExpiredAndNotYetValid) {
  using Validity = CertificateOptions::Validity;
  for (const auto& [validity, date] : {std::pair(Validity::kExpired, "notAfter"),
                                       std::pair(Validity::kNotYetValid, "notBefore")}) {
    const Identity odd = issue(dir_, root, KeyType::p256, "localhost",
                               {.validity = validity, .existing_key = leaf.key_file});
    expect_refused(odd, options_with({leaf.pin}, root.cert_file), {date, "clock", "localhost"});
    Options pins_alone = options_with({leaf.pin}, {});
    pins_alone.trust = TrustMode::pinned;
    expect_accepted(odd, pins_alone, leaf.pin);
  }
}

TEST_F(DateTest, Attack10_ExpiredIntermediate) {
  const Authority old = make_intermediate(dir_, root, KeyType::p256, "old",
                                          {.validity = CertificateOptions::Validity::kExpired});
  const Identity below = issue(dir_, old, KeyType::p256, "localhost");
  expect_refused(below, options_with({below.pin}, root.cert_file), {"\"old\"", "notAfter"});
}

TEST_F(DateTest, Attack10_ExpiredAuthorityDoesNotKeepTheDeviceFromStarting) {
  const Authority old = make_authority(dir_, KeyType::p256, "old root",
                                       {.validity = CertificateOptions::Validity::kExpired});
  const Identity below = issue(dir_, old, KeyType::p256, "localhost");
  expect_refused(below, options_with({below.pin}, old.cert_file), {"\"old root\"", "notAfter"});
}

struct Clock {
  const char* name;
  const char* start;
  const char* date;  // that is complained of
  const char* year;
};

class ClockTest : public CaModeTest, public ::testing::WithParamInterface<Clock> {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // ThreadSanitizer then takes what pthread_cond_timedwait has unlocked for locked, and
    // AddressSanitizer wants to be the first library.
    GTEST_SKIP() << "libfaketime and a sanitizer both put themselves before libc";
#endif
  }

  // A device in a process of its own, whose clock begins at that time.
  static RunResult run_device(const Mosquitto& broker, const std::string& ca_file,
                              const std::vector<std::string>& pins) {
    std::vector<std::string> command{"faketime",       "--exclude-monotonic",      "-f",
                                     GetParam().start, HOLDFAST_TEST_CLOCK_DEVICE, url(broker),
                                     ca_file};
    command.insert(command.end(), pins.begin(), pins.end());
    return run(command, kBound);
  }
};

INSTANTIATE_TEST_SUITE_P(
    Clocks, ClockTest,
    ::testing::Values(Clock{"Of1970", "@1970-01-02 00:00:00", "notBefore", "1970-01-02"},
                      Clock{"Of2106", "@2106-03-01 00:00:00", "notAfter", "2106-03-01"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(ClockTest, Attack10_PinsAloneDoNotCare_Good) {
  const auto broker = make_broker({.tls = leaf});
  const RunResult result = run_device(*broker, "-", {leaf.pin, backup_.pin});
  EXPECT_EQ(result.status, 0) << result.output;
}

TEST_P(ClockTest, Attack10_PinsAndCaSayWhichDateFailed) {
  const auto broker = make_broker({.tls = leaf});
  const RunResult result = run_device(*broker, root.cert_file.string(), {leaf.pin, backup_.pin});
  EXPECT_EQ(result.status, 3) << result.output;
  for (const char* part : {GetParam().date, GetParam().year, "clock"}) {
    EXPECT_NE(result.output.find(part), std::string::npos) << part << ": " << result.output;
  }
}

TEST_F(CaModeTest, EveryKindOfKeyCanBeAnAuthoritys_Good) {
  for (const KeyType type : {KeyType::p384, KeyType::rsa2048, KeyType::ed25519}) {
    SCOPED_TRACE(name_of(type));
    const Authority authority = make_authority(dir_, type, "root");
    const Identity below = issue(dir_, authority, type, "localhost");
    expect_accepted(below, options_with({below.pin}, authority.cert_file), below.pin);
  }
}

TEST_F(CaModeTest, OptionsThatCannotWorkAreRefusedByName) {
  const auto mend_of = [](const Options& options) -> std::string {
    try {
      Device device(options);
    } catch (const ConfigError& error) {
      EXPECT_EQ(error.field(), "ca_file");
      return error.mend();
    }
    return {};
  };
  EXPECT_NE(mend_of(options_with({leaf.pin}, {})).find("pinned_and_ca needs"), std::string::npos);
  Options unused = options_with({leaf.pin}, root.cert_file);
  unused.trust = TrustMode::pinned;
  EXPECT_NE(mend_of(unused).find("would do nothing"), std::string::npos);
  EXPECT_FALSE(mend_of(options_with({leaf.pin}, dir_.path() / "missing.pem")).empty());
  EXPECT_FALSE(mend_of(options_with({leaf.pin}, leaf.key_file)).empty());
  EXPECT_TRUE(mend_of(options_with({leaf.pin}, root.cert_file)).empty());
}

}  // namespace
}  // namespace holdfast::test
