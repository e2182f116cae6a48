// The TLS configuration of one device: one WOLFSSL_CTX, TLS 1.3 only, explicit suites.
//
// Debian's wolfSSL is built with OpenSSL-compatible defaults: a fresh context verifies nobody and
// allows old versions and anonymous suites. Nothing is left to a default here.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "channel/tls_policy.hpp"
#include "resumption/ticket.hpp"

struct WOLFSSL_CTX;

namespace holdfast::channel {

/// Frees what wolfSSL keeps for this thread. Its cache of multiples of curve points (FP_ECC) is
/// thread-local, grows to 1.6 MB with a handshake, and is leaked when the thread ends; a device
/// shakes hands too seldom to gain from it.
void free_thread_caches();

class TlsContext {
 public:
  /// @throws std::runtime_error if wolfSSL refuses a setting (it would be another library than the
  /// one this was built with).
  explicit TlsContext(TlsPolicy policy = {});

  const TlsPolicy& policy() const { return policy_; }
  WOLFSSL_CTX* get() const { return context_.get(); }

  /// What a session with this broker is bound to, as far as this context decides it.
  /// @param host as for TlsSession
  resumption::Binding binding(std::string_view host, std::uint16_t port) const;

 private:
  struct Free {
    void operator()(WOLFSSL_CTX* context) const;
  };
  void trust_authorities();

  TlsPolicy policy_;
  std::vector<std::uint8_t> authorities_digest_;  // empty without
  std::vector<std::uint8_t> identity_digest_;
  std::unique_ptr<WOLFSSL_CTX, Free> context_;
};

}  // namespace holdfast::channel
