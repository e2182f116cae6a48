// Can a certificate be made that the handshake reads one key from, and the pin another? And are
// those that are no certificate, or too much of it, refused in order?

#include <string>
#include <utility>

#include "attack/attack_fixture.hpp"
#include "attack/der_forge.hpp"
#include "support/tls13_crypto.hpp"

namespace holdfast::test {
namespace {

constexpr std::size_t kOversized = 200'000;

// For what is no certificate, or one that two readers could take for different ones.
constexpr Refusal kUnreadable{Errc::tls_failed, "", Errc::identity_refused};

class Attack07Test : public AttackTest {
 protected:
  // Sent by who owns the pinned key: nothing is wrong but the certificate.
  void expect_genuine_refused(std::vector<std::string> chain, const Refusal& refusal) {
    HostileTlsOptions peer = genuine();
    peer.chain = std::move(chain);
    expect_refused(peer, refusal);
  }

  // Sent by an attacker, who proves a key of his own.
  void expect_forgery_refused(const ForgedCertificate& forged, const Refusal& refusal) {
    HostileTlsOptions peer = impostor();
    peer.chain = {forged.bytes()};
    expect_refused(peer, refusal);
  }

  void expect_genuine_accepted(std::vector<std::string> chain) {
    HostileTlsOptions peer = genuine();
    peer.chain = std::move(chain);
    expect_accepted(peer);
  }

  const std::string pinned_ = tls13::der_of(key_.cert_file)[0];
  const std::string attackers_ = tls13::der_of(attacker_.cert_file)[0];
  const std::string pinned_spki_ = ForgedCertificate(pinned_).spki();
  const std::string attackers_spki_ = ForgedCertificate(attackers_).spki();
};

TEST_F(Attack07Test, Attack07_ZeroCertificates) {
  expect_genuine_refused({}, {Errc::tls_failed});
}

TEST_F(Attack07Test, Attack07_ACertificateOfNoOctetsFirst) {
  expect_genuine_refused({"", pinned_}, kUnreadable);
}

TEST_F(Attack07Test, Attack07_OversizedChain) {
  std::vector<std::string> chain{pinned_};
  for (std::size_t size = 0; size < kOversized; size += attackers_.size()) {
    chain.push_back(attackers_);
  }
  expect_genuine_refused(chain, {Errc::tls_failed});
}

TEST_F(Attack07Test, Attack07_OversizedLeaf) {
  ForgedCertificate forged(pinned_);
  forged.add_extension(std::string(kOversized, 'x'));
  expect_genuine_refused({forged.bytes()}, {Errc::tls_failed});
}

TEST_F(Attack07Test, Attack07_AChainOfThree_Good) {
  expect_genuine_accepted({pinned_, attackers_, attackers_});
}

// A chain comes in as many segments as the network likes, and they begin anywhere in a record.
TEST_F(Attack07Test, Attack07_AChainInSmallSegments_Good) {
  HostileTlsOptions peer = genuine();
  peer.chain.insert(peer.chain.end(), 3, attackers_);
  peer.segment_bytes = 100;
  expect_accepted(peer);
}

TEST_F(Attack07Test, Attack07_ALengthThatIsTooLong) {
  std::string longer = pinned_;
  longer[3] = static_cast<char>(longer[3] + 1);  // the last octet of the outer length
  expect_genuine_refused({longer}, kUnreadable);
}

TEST_F(Attack07Test, Attack07_ALengthThatIsTooShort) {
  std::string shorter = pinned_;
  shorter[3] = static_cast<char>(shorter[3] - 1);
  expect_genuine_refused({shorter}, kUnreadable);
}

TEST_F(Attack07Test, Attack07_ATruncatedCertificate) {
  expect_genuine_refused({pinned_.substr(0, pinned_.size() / 2)}, kUnreadable);
}

TEST_F(Attack07Test, Attack07_RandomOctets) {
  expect_genuine_refused({tls13::random_bytes(700)}, kUnreadable);
}

TEST_F(Attack07Test, Attack07_AKeyThatIsLongerThanItsField) {
  ForgedCertificate forged(pinned_);
  forged.spki()[1] = static_cast<char>(forged.spki()[1] + 1);
  expect_genuine_refused({forged.bytes()}, kUnreadable);
}

TEST_F(Attack07Test, Attack07_TrailingOctets) {
  expect_genuine_refused({pinned_ + "trailing"}, kUnreadable);
}

TEST_F(Attack07Test, Attack07_AWholeCertificateBehindTheCertificate) {
  HostileTlsOptions peer = impostor();
  peer.chain = {attackers_ + pinned_};
  expect_refused(peer, kUnreadable);
}

TEST_F(Attack07Test, Attack07_ThePinnedKeyBehindTheAttackers) {
  ForgedCertificate forged(attackers_);
  forged.insert_behind_spki(pinned_spki_);
  expect_forgery_refused(forged, kUnreadable);
}

TEST_F(Attack07Test, Attack07_ThePinnedKeyBeforeTheAttackers) {
  ForgedCertificate forged(attackers_);
  forged.insert_before_spki(pinned_spki_);
  expect_forgery_refused(forged, kUnreadable);
}

TEST_F(Attack07Test, Attack07_ThePinnedKeyInsideTheAttackers) {
  ForgedCertificate forged(attackers_);
  forged.spki() = der(kDerSequence, content_of(attackers_spki_) + pinned_spki_);
  expect_forgery_refused(forged, kUnreadable);
}

TEST_F(Attack07Test, Attack07_TheAttackersKeyInsideThePinned) {
  ForgedCertificate forged(attackers_);
  forged.spki() = der(kDerSequence, content_of(pinned_spki_) + attackers_spki_);
  expect_forgery_refused(forged, kUnreadable);
}

TEST_F(Attack07Test, Attack07_ThePinnedKeyInAnExtension) {
  ForgedCertificate forged(attackers_);
  forged.add_extension(pinned_spki_);
  expect_forgery_refused(forged, {Errc::identity_refused, attacker_.pin});
}

TEST_F(Attack07Test, Attack07_AnExtensionNobodyKnows_Good) {
  ForgedCertificate forged(pinned_);
  forged.add_extension(attackers_spki_);
  expect_genuine_accepted({forged.bytes()});
}

}  // namespace
}  // namespace holdfast::test
