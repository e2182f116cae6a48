// Does a pin look at the key that was proved, and at no other certificate of the chain?

#include <string>

#include "attack/attack_fixture.hpp"
#include "support/tls13_crypto.hpp"

namespace holdfast::test {
namespace {

using tls13::der_of;

TEST_F(AttackTest, Attack03_AttackersLeafWithThePinnedLeafAppended) {
  HostileTlsOptions peer = impostor();
  peer.chain.push_back(der_of(key_.cert_file)[0]);
  expect_refused(peer, {Errc::identity_refused, attacker_.pin});
}

// It may be sent twice, or behind others: no place but the first counts.
TEST_F(AttackTest, Attack03_AttackersLeafWithThePinnedLeafDeepInTheChain) {
  HostileTlsOptions peer = impostor();
  const std::string pinned = der_of(key_.cert_file)[0];
  peer.chain.insert(peer.chain.end(), {der_of(backup_.cert_file)[0], peer.chain[0], pinned});
  expect_refused(peer, {Errc::identity_refused, attacker_.pin});
}

TEST_F(AttackTest, Attack03_PinnedLeafWithTheAttackersAppended_Good) {
  HostileTlsOptions peer = genuine();
  peer.chain.push_back(der_of(attacker_.cert_file)[0]);
  expect_accepted(peer);
}

class Attack03Test : public AttackTest {
 protected:
  const Authority root_ = make_authority(dir_, KeyType::p256, "root");
  const Authority intermediate_ = make_intermediate(dir_, root_, KeyType::p256, "intermediate");
  const Identity leaf_ = issue(dir_, intermediate_, KeyType::p256, "localhost");
};

TEST_F(Attack03Test, Attack03_AttackersLeafWithAPinnedIntermediateAppended) {
  HostileTlsOptions peer = impostor();
  peer.chain.push_back(der_of(intermediate_.cert_file)[0]);
  expect_refused(peer, {Errc::identity_refused, attacker_.pin},
                 options_with_pin(intermediate_.pin));
}

// Even the attacker's leaf that the pinned intermediate really signed: what is pinned is a key that
// the broker proves, not whoever may sign for it.
TEST_F(Attack03Test, Attack03_LeafIssuedByAPinnedIntermediate) {
  expect_refused(correct_server(leaf_), {Errc::identity_refused, leaf_.pin},
                 options_with_pin(intermediate_.pin));
}

TEST_F(Attack03Test, Attack03_PinnedLeafWithItsIntermediateAppended_Good) {
  const HostileTlsOptions peer = correct_server(leaf_);
  ASSERT_EQ(peer.chain.size(), 2u);
  expect_accepted(peer, options_with_pin(leaf_.pin));
}

}  // namespace
}  // namespace holdfast::test
