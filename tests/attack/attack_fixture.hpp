// What every test of an attack needs: a peer that lies, a device that must not believe it, and the
// real broker that proves that nothing was lost.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "attack/scripted_broker.hpp"
#include "integration/device_fixture.hpp"
#include "support/hostile_tls_server.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {

/// How an attempt has to fail.
struct Refusal {
  Errc error = Errc::identity_refused;
  std::string_view says{};  ///< a part of the sentence that comes with it
  /// Just as good. Of a certificate that is none, wolfSSL complains or the SDK's own reader: which
  /// of them comes first differs between wolfSSL's releases.
  std::optional<Errc> or_error{};
};

class AttackTest : public DeviceTest {
 protected:
  AttackTest();

  /// Expects that a device refuses this peer, twice, in this way; that it tells the peer nothing;
  /// that it keeps the message which was published meanwhile; and that it delivers that message as
  /// soon as the real broker, with the pinned key, is in the peer's place.
  void expect_refused(HostileTlsOptions peer, const Refusal& refusal);
  void expect_refused(HostileTlsOptions peer, const Refusal& refusal, Options options);
  /// The same for openssl or mosquitto as peer.
  void expect_refused(const OpensslServer& peer, const Refusal& refusal);
  void expect_refused(const Mosquitto& peer, const Refusal& refusal);
  /// The same for any peer. `expect_told_nothing` is called after the second refusal.
  void expect_refused_at(std::uint16_t port, const Refusal& refusal, Options options,
                         const std::function<void()>& expect_told_nothing);

  /// The twin: expects that a device connects to this peer and delivers a message to it.
  void expect_accepted(HostileTlsOptions peer);
  void expect_accepted(HostileTlsOptions peer, Options options);

  /// Options with this pin beside the one of the real broker, which has to work after a refusal.
  Options options_with_pin(std::string pin);

  /// A server that does everything right with the pinned key: to be spoilt by the test.
  HostileTlsOptions genuine() const { return correct_server(key_); }
  /// The same with a key of the attacker's own.
  HostileTlsOptions impostor() const { return correct_server(attacker_); }

  Identity attacker_;
};

}  // namespace holdfast::test
