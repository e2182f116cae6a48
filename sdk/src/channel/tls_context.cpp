#include "channel/tls_context.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace holdfast::channel {
namespace {

// By cost on the wire they are equal (22 bytes a record); AES first because boards without AES
// instructions are rare by now, and a broker that prefers ChaCha20 chooses it.
constexpr const char* kSuites =
    "TLS13-AES128-GCM-SHA256:TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES256-GCM-SHA384";

// Every algorithm a pinned key can sign with. RSA+SHA256 (PKCS#1) cannot prove a key in TLS 1.3,
// but strict servers look here for what their certificate itself is signed with (RFC 8446
// section 4.2.3).
constexpr const char* kSignatures =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ED25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256";

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("wolfSSL refuses ") + what);
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
  require(wolfSSL_CTX_set_cipher_list(context_.get(), kSuites) == WOLFSSL_SUCCESS, "the suites");
  require(wolfSSL_CTX_set1_sigalgs_list(context_.get(), kSignatures) == WOLFSSL_SUCCESS,
          "the signature algorithms");
  require(wolfSSL_CTX_UseSupportedCurve(context_.get(), WOLFSSL_ECC_X25519) == WOLFSSL_SUCCESS,
          "the group X25519");
  require(wolfSSL_CTX_UseSupportedCurve(context_.get(), WOLFSSL_ECC_SECP256R1) == WOLFSSL_SUCCESS,
          "the group P-256");
  wolfSSL_CTX_set_session_cache_mode(context_.get(), WOLFSSL_SESS_CACHE_OFF);
  if (policy_.authorities) trust_authorities();
  if (policy_.identity) policy_.identity->use_in(context_.get());
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
