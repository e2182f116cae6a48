#include "channel/tls_context.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "channel/peer_name.hpp"
#include "channel/saved_session.hpp"
#include "crypto/ed25519.hpp"

namespace holdfast::channel {
namespace {

// AES first because boards without AES instructions are rare by now, and a broker that prefers
// ChaCha20 chooses it. As numbers (RFC 8446 appendix B.4): given names, wolfSSL 5.7 adds a suite
// 0x0000.
using Suites = std::vector<std::uint8_t>;

Suites suites_of(CipherSuites choice) {
  Suites suites{0x13, 0x01,   // TLS_AES_128_GCM_SHA256
                0x13, 0x03};  // TLS_CHACHA20_POLY1305_SHA256
  if (choice == CipherSuites::any_length) suites.insert(suites.end(), {0x13, 0x02});
  if (choice == CipherSuites::short_tags) suites.insert(suites.begin(), {0x13, 0x05});
  return suites;
}

// Every algorithm a pinned key can sign with. RSA+SHA256 (PKCS#1) cannot prove a key in TLS 1.3,
// but strict servers look here for what their certificate itself is signed with (RFC 8446
// section 4.2.3).
constexpr const char* kSignatures =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ED25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256";

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("wolfSSL refuses ") + what);
}

std::vector<std::uint8_t> digest_of(std::span<const std::uint8_t> bytes) {
  const auto digest = crypto::sha256(bytes);
  return {digest.begin(), digest.end()};
}

std::vector<std::uint8_t> digest_of(const Authorities& authorities) {
  std::vector<std::uint8_t> all;
  for (const Certificate& authority : authorities.certificates()) {
    const auto one = digest_of(authority.der);
    all.insert(all.end(), one.begin(), one.end());
  }
  return digest_of(all);
}

std::vector<std::uint8_t> digest_of(const ClientIdentity& identity) {
  const std::string& text = identity.certificates();
  return digest_of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void initialise_once() {
  static std::once_flag once;
  std::call_once(once, [] { require(wolfSSL_Init() == WOLFSSL_SUCCESS, "to initialise"); });
}

}  // namespace

void free_thread_caches() {
#ifdef FP_ECC
  wc_ecc_fp_free();
#endif
}

void TlsContext::Free::operator()(WOLFSSL_CTX* context) const {
  wolfSSL_CTX_free(context);
}

TlsContext::TlsContext(TlsPolicy policy) : policy_(std::move(policy)) {
  initialise_once();
  // The TLS-1.3-only method, not a version-flexible one with a lower bound: with the latter a
  // server without any certificate was accepted, because the verify callback is never called then.
  context_.reset(wolfSSL_CTX_new(wolfTLSv1_3_client_method()));
  require(context_ != nullptr, "a TLS 1.3 context");
  const Suites suites = suites_of(policy_.suites);
  require(wolfSSL_CTX_set_cipher_list_bytes(context_.get(), suites.data(),
                                            static_cast<int>(suites.size())) == WOLFSSL_SUCCESS,
          "the suites");
  require(wolfSSL_CTX_set1_sigalgs_list(context_.get(), kSignatures) == WOLFSSL_SUCCESS,
          "the signature algorithms");
  require(wolfSSL_CTX_UseSupportedCurve(context_.get(), WOLFSSL_ECC_X25519) == WOLFSSL_SUCCESS,
          "the group X25519");
  require(wolfSSL_CTX_UseSupportedCurve(context_.get(), WOLFSSL_ECC_SECP256R1) == WOLFSSL_SUCCESS,
          "the group P-256");
  wolfSSL_CTX_set_session_cache_mode(context_.get(), WOLFSSL_SESS_CACHE_OFF);
  // An extension of TLS 1.2 alone: four bytes that mean nothing here.
  require(wolfSSL_CTX_AllowEncryptThenMac(context_.get(), 0) == WOLFSSL_SUCCESS,
          "to leave out encrypt_then_mac");
  if (policy_.authorities) {
    trust_authorities();
    authorities_digest_ = digest_of(*policy_.authorities);
  }
  if (policy_.identity) {
    policy_.identity->use_in(context_.get());
    identity_digest_ = digest_of(*policy_.identity);
  }
}

resumption::Binding TlsContext::binding(std::string_view host, std::uint16_t port) const {
  const PeerName peer = parse_peer_name(host);
  return {.host = std::string(host),
          .port = port,
          .server_name = peer.is_address() ? std::string() : peer.host,
          .alpn = policy_.alpn,
          .trust = static_cast<std::uint8_t>(policy_.trust),
          .authorities = authorities_digest_,
          .identity = identity_digest_,
          .library = library_version()};
}

void TlsContext::trust_authorities() {
  bool any = false;
  for (const Certificate& authority : policy_.authorities->certificates()) {
    // The clock may be wrong now and right later: dates are judged when a broker shows its
    // certificate, and then the refusal names the date.
    any |= wolfSSL_CTX_load_verify_buffer_ex(
               context_.get(), authority.der.data(), static_cast<long>(authority.der.size()),
               WOLFSSL_FILETYPE_ASN1, 0, WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY) == WOLFSSL_SUCCESS;
  }
  require(any, "every authority of ca_file");
}

}  // namespace holdfast::channel
