// What a device trusts and shows in TLS, besides the pins: the policy that a TlsContext is made of.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "channel/ca_path.hpp"
#include "channel/client_identity.hpp"

namespace holdfast::channel {

struct TlsPolicy {
  TrustMode trust = TrustMode::pinned;
  std::shared_ptr<const Authorities> authorities;  ///< with pinned_and_ca
  std::shared_ptr<const ClientIdentity> identity;  ///< of the device; may be none
  std::string alpn;  ///< the protocol that is offered; empty: ALPN is not used
  CipherSuites suites = CipherSuites::cheapest;
};

/// Reads the files that the options name. What an operator should know goes to `warnings`.
/// @throws ConfigError naming the option that cannot work.
TlsPolicy make_tls_policy(const Options& options, std::vector<std::string>& warnings);

}  // namespace holdfast::channel
