// Can a peer talk a device down to a protocol, a suite or a key exchange that proves nothing?

#include <cstdint>

#include "attack/attack_fixture.hpp"
#include "support/tls13_messages.hpp"

namespace holdfast::test {
namespace {

using Share = HostileTlsOptions::Share;
using Version = HostileTlsOptions::Version;

class Attack06Test : public AttackTest {
 protected:
  void expect_suite_refused(std::uint16_t suite) {
    HostileTlsOptions peer = genuine();
    peer.suite = suite;
    expect_refused(peer, {Errc::tls_failed});
  }

  void expect_tls12_refused(std::uint16_t suite) {
    HostileTlsOptions peer = genuine();
    peer.version = Version::kTls12;
    peer.suite = suite;
    expect_refused(peer, {Errc::tls_failed, "TLS 1.3"});
  }

  void expect_share_refused(Share share) {
    HostileTlsOptions peer = genuine();
    peer.share = share;
    expect_refused(peer, {Errc::tls_failed});
  }
};

TEST_F(Attack06Test, Attack06_OnlyTls12IsSpoken) {
  expect_refused(OpensslServer(key_, {"-tls1_2"}), {Errc::tls_failed, "TLS 1.3"});
}

TEST_F(Attack06Test, Attack06_OnlyTls11IsSpoken) {
  expect_refused(OpensslServer(key_, {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}),
                 {Errc::tls_failed, "TLS 1.3"});
}

TEST_F(Attack06Test, Attack06_AnonymousSuites) {
  expect_refused(OpensslServer(key_, {"-tls1_2", "-nocert", "-cipher", "aNULL:@SECLEVEL=0"}),
                 {Errc::tls_failed, "TLS 1.3"});
}

TEST_F(Attack06Test, Attack06_SuitesWithoutEncryption) {
  expect_refused(OpensslServer(key_, {"-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"}),
                 {Errc::tls_failed, "TLS 1.3"});
}

TEST_F(Attack06Test, Attack06_BothVersionsAreSpoken_Good) {
  MosquittoOptions options;
  options.tls_extra_lines = {"tls_version tlsv1.2"};  // and upwards
  const auto broker = make_broker(options);
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  const auto delivery = device.wait_for_delivery(device.publish("t", "good"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error) << delivery->detail;
}

// Those above see what is offered and decline. These choose what nobody offered.
TEST_F(Attack06Test, Attack06_Tls12WithAnAnonymousSuiteIsChosen) {
  expect_tls12_refused(tls13::kEcdhAnonWithAes128CbcSha);
}

TEST_F(Attack06Test, Attack06_Tls12WithANullSuiteIsChosen) {
  expect_tls12_refused(tls13::kRsaWithNullSha256);
}

TEST_F(Attack06Test, Attack06_ASuiteOfTls13InTls12IsChosen) {
  expect_tls12_refused(tls13::kAes128GcmSha256);
}

TEST_F(Attack06Test, Attack06_Sm4WhichWasNotOfferedIsChosen) {
  expect_suite_refused(tls13::kSm4GcmSm3);
}

TEST_F(Attack06Test, Attack06_Ccm8WhichWasNotOfferedIsChosen) {
  expect_suite_refused(tls13::kAes128Ccm8Sha256);
}

TEST_F(Attack06Test, Attack06_AnAnonymousSuiteInTls13IsChosen) {
  expect_suite_refused(tls13::kEcdhAnonWithAes128CbcSha);
}

TEST_F(Attack06Test, Attack06_NoKeyShare) {
  expect_share_refused(Share::kMissing);
}

TEST_F(Attack06Test, Attack06_TheKeyShareOfWhichEverySecretIsZero) {
  expect_share_refused(Share::kAllZero);
}

TEST_F(Attack06Test, Attack06_AGroupThatWasNotOfferedIsChosen) {
  expect_share_refused(Share::kGroupNotOffered);
}

TEST_F(Attack06Test, Attack06_WhatWasOfferedIsChosen_Good) {
  expect_accepted(genuine());
}

}  // namespace
}  // namespace holdfast::test
