// Is a certificate with the pinned key worth anything without the proof that its sender owns that
// key (CertificateVerify and Finished, RFC 8446 sections 4.4.3 and 4.4.4)?

#include <string>

#include "attack/attack_fixture.hpp"
#include "support/tls13_crypto.hpp"

namespace holdfast::test {
namespace {

using Proof = HostileTlsOptions::Proof;
using Finish = HostileTlsOptions::Finish;
using CertificateMessage = HostileTlsOptions::CertificateMessage;

// What the sentence has to say where a certificate was seen and its proof is missing or wrong.
constexpr Refusal kNotProved{Errc::tls_failed, "did not prove that it owns it"};

class Attack05Test : public AttackTest {
 protected:
  void expect_proof_refused(Proof proof) {
    HostileTlsOptions peer = genuine();
    peer.proof = proof;
    expect_refused(peer, kNotProved);
  }
};

TEST_F(Attack05Test, Attack05_GenuineChainWithoutItsKey) {
  HostileTlsOptions peer = genuine();
  peer.key_file = attacker_.key_file;
  expect_refused(peer, kNotProved);
}

TEST_F(Attack05Test, Attack05_GenuineChainWithItsKey_Good) {
  expect_accepted(genuine());
}

TEST_F(Attack05Test, Attack05_NoCertificateVerify) {
  expect_proof_refused(Proof::kMissing);
}

TEST_F(Attack05Test, Attack05_CertificateVerifyWithAFlippedBit) {
  expect_proof_refused(Proof::kFlippedBit);
}

TEST_F(Attack05Test, Attack05_CertificateVerifyWithAnEmptySignature) {
  expect_proof_refused(Proof::kEmptySignature);
}

TEST_F(Attack05Test, Attack05_CertificateVerifyOfNoOctets) {
  expect_proof_refused(Proof::kEmptyMessage);
}

// The signature of a client (who may have been made to sign anything) is none of a server.
TEST_F(Attack05Test, Attack05_CertificateVerifyOfAClient) {
  expect_proof_refused(Proof::kClientContext);
}

TEST_F(Attack05Test, Attack05_CertificateVerifyNamesAnotherCurve) {
  HostileTlsOptions peer = genuine();
  peer.proof_algorithm = tls13::kEcdsaSecp384r1Sha384;
  expect_refused(peer, kNotProved);
}

TEST_F(Attack05Test, Attack05_CertificateVerifyNamesRsaForAnEllipticKey) {
  HostileTlsOptions peer = genuine();
  peer.proof_algorithm = tls13::kRsaPssRsaeSha256;
  expect_refused(peer, kNotProved);
}

TEST_F(Attack05Test, Attack05_CertificateVerifyNamesAnAlgorithmNobodyKnows) {
  HostileTlsOptions peer = genuine();
  peer.proof_algorithm = std::uint16_t{0xFEFE};
  expect_refused(peer, kNotProved);
}

TEST_F(Attack05Test, Attack05_NoCertificateAndNoCertificateVerify) {
  HostileTlsOptions peer = genuine();
  peer.certificate_message = CertificateMessage::kMissing;
  peer.proof = Proof::kMissing;
  expect_refused(peer, {Errc::tls_failed});
}

TEST_F(Attack05Test, Attack05_NoCertificateButACertificateVerify) {
  HostileTlsOptions peer = genuine();
  peer.certificate_message = CertificateMessage::kMissing;
  expect_refused(peer, {Errc::tls_failed});
}

TEST_F(Attack05Test, Attack05_NoFinished) {
  HostileTlsOptions peer = genuine();
  peer.finish = Finish::kMissing;
  expect_refused(peer, {Errc::timed_out, "TLS handshake"});
}

TEST_F(Attack05Test, Attack05_FinishedWithAWrongMac) {
  HostileTlsOptions peer = genuine();
  peer.finish = Finish::kWrongMac;
  expect_refused(peer, kNotProved);
}

class Attack05RsaTest : public AttackTest {
 protected:
  const Identity rsa_ = self_signed(dir_, KeyType::rsa2048, "localhost");
  const Options options_ = options_with_pin(rsa_.pin);
};

TEST_F(Attack05RsaTest, Attack05_GenuineRsaChainWithoutItsKey) {
  HostileTlsOptions peer = correct_server(rsa_);
  peer.key_file = self_signed(dir_, KeyType::rsa2048, "localhost").key_file;
  expect_refused(peer, kNotProved, options_);
}

TEST_F(Attack05RsaTest, Attack05_GenuineRsaChainAndAnEllipticKey) {
  HostileTlsOptions peer = correct_server(rsa_);
  peer.key_file = attacker_.key_file;
  expect_refused(peer, kNotProved, options_);
}

// With the right key, but with the padding that TLS 1.3 allows in certificates alone (section
// 4.2.3): the proof is as strong as that padding, whose forgeries are many.
TEST_F(Attack05RsaTest, Attack05_CertificateVerifyWithPkcs1Padding) {
  HostileTlsOptions peer = correct_server(rsa_);
  peer.proof = Proof::kPkcs1;
  expect_refused(peer, kNotProved, options_);
}

TEST_F(Attack05RsaTest, Attack05_GenuineRsaChainWithItsKey_Good) {
  expect_accepted(correct_server(rsa_), options_);
}

}  // namespace
}  // namespace holdfast::test
