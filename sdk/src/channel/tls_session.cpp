#include "channel/tls_session.hpp"

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/openssl/x509.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <holdfast/limits.hpp>

#include "channel/tls_errors.hpp"
#include "pinning/spki.hpp"

namespace holdfast::channel {
namespace {

using Bytes = std::span<const std::uint8_t>;

// The numbers that wolfSSL's OpenSSL-compatible builds translate its errors to (Debian's is one).
// They are spelled out because the names differ between wolfSSL 5.5 and 5.7.
constexpr int kCertNotYetValid = 9;
constexpr int kCertHasExpired = 10;
constexpr int kNotBeforeField = 13;  // what 5.5 makes of a certificate that is not yet valid
constexpr int kNotAfterField = 14;   // and of one that has expired
constexpr int kSelfSignedLeaf = 18;
constexpr int kSelfSignedInChain = 19;
constexpr int kIssuerNotFound = 20;
constexpr int kLeafSignatureNotVerified = 21;

// What wolfSSL may complain about and the pin overrules: nobody vouches for the certificate but the
// pin, and dates need a clock. Everything else (a certificate that does not parse, a signature that
// is wrong) stays an error.
bool is_overruled_by_a_pin(int error) {
  switch (error) {
    case 0:
    case kCertNotYetValid:
    case kCertHasExpired:
    case kNotBeforeField:
    case kNotAfterField:
    case kSelfSignedLeaf:
    case kSelfSignedInChain:
    case kIssuerNotFound:
    case kLeafSignatureNotVerified:
    case ASN_NO_SIGNER_E:
    case ASN_SELF_SIGNED_E:
    case ASN_BEFORE_DATE_E:
    case ASN_AFTER_DATE_E:
      return true;
    default:
      return false;
  }
}

// Two readers of one certificate must see the same key, or an attacker shows each what it likes to
// see. Our pin is made of the SubjectPublicKeyInfo that find_spki cut out; the handshake is checked
// against the key that wolfSSL decoded: that key must lie inside what we hashed.
bool holds_the_key_that_wolfssl_read(Bytes spki, WOLFSSL_X509* certificate) {
  if (certificate == nullptr) return false;
  int size = 0;
  if (wolfSSL_X509_get_pubkey_buffer(certificate, nullptr, &size) != WOLFSSL_SUCCESS || size <= 0) {
    return false;
  }
  std::vector<std::uint8_t> key(static_cast<std::size_t>(size));
  if (wolfSSL_X509_get_pubkey_buffer(certificate, key.data(), &size) != WOLFSSL_SUCCESS)
    return false;
  return std::search(spki.begin(), spki.end(), key.begin(), key.end()) != spki.end();
}

}  // namespace

void TlsSession::Free::operator()(WOLFSSL* session) const {
  wolfSSL_free(session);
}

TlsSession::TlsSession(const TlsContext& context, const std::string& server_name,
                       pinning::SharedKeys keys)
    : keys_(std::move(keys)), session_(wolfSSL_new(context.get())) {
  if (session_ == nullptr) throw std::runtime_error("wolfSSL has no memory for a session");
  WOLFSSL* session = session_.get();
  wolfSSL_set_verify(session, WOLFSSL_VERIFY_PEER, verify);
  wolfSSL_SetCertCbCtx(session, this);
  wolfSSL_SSLSetIORecv(session, receive);
  wolfSSL_SSLSetIOSend(session, send);
  wolfSSL_SetIOReadCtx(session, this);
  wolfSSL_SetIOWriteCtx(session, this);
  // Only a context can have this callback; it finds its session by the receive callback's context.
  wolfSSL_CTX_set_cert_cb(context.get(), on_certificate_request, nullptr);
  if (wolfSSL_UseKeyShare(session, WOLFSSL_ECC_X25519) != WOLFSSL_SUCCESS) {
    throw std::runtime_error("wolfSSL has no X25519 key share");
  }
  if (!server_name.empty() &&
      wolfSSL_UseSNI(session, WOLFSSL_SNI_HOST_NAME, server_name.data(),
                     static_cast<unsigned short>(server_name.size())) != WOLFSSL_SUCCESS) {
    throw std::runtime_error("wolfSSL refuses the server name " + server_name);
  }
}

int TlsSession::receive(WOLFSSL*, char* buffer, int size, void* self_pointer) {
  auto& self = *static_cast<TlsSession*>(self_pointer);
  const std::size_t available = self.input_.size() - self.input_read_;
  if (available == 0) return WOLFSSL_CBIO_ERR_WANT_READ;
  const std::size_t count = std::min(available, static_cast<std::size_t>(size));
  self.begun_ = true;
  std::memcpy(buffer, self.input_.data() + self.input_read_, count);
  self.input_read_ += count;
  if (self.input_read_ == self.input_.size()) {
    self.input_.clear();
    self.input_read_ = 0;
  }
  return static_cast<int>(count);
}

int TlsSession::send(WOLFSSL*, char* buffer, int size, void* self_pointer) {
  // Always taken in full: the channel asks for room before it writes, and so wolfSSL never has to
  // be called again with the same buffer.
  auto& self = *static_cast<TlsSession*>(self_pointer);
  try {
    self.output_.insert(self.output_.end(), buffer, buffer + size);
  } catch (...) {
    return WOLFSSL_CBIO_ERR_GENERAL;
  }
  return size;
}

int TlsSession::verify(int, WOLFSSL_X509_STORE_CTX* store) {
  auto& self = *static_cast<TlsSession*>(store->userCtx);
  try {
    if (!is_overruled_by_a_pin(store->error)) {
      self.refusal_ =
          "the broker's certificate is not valid (error " + std::to_string(store->error) + ")";
      return 0;
    }
    // Certificates above the leaf vouch for nothing here: only the leaf's key is proved by the
    // handshake, and anybody can append the pinned certificate to a chain of his own.
    if (store->error_depth != 0) return 1;
    return self.judge_leaf(*store) ? 1 : 0;
  } catch (...) {
    return 0;  // no memory, say: closed, not open
  }
}

int TlsSession::on_certificate_request(WOLFSSL* session, void*) {
  // Called when the broker asks for a client certificate. Once the connection is in service it must
  // not (RFC 8446 section 4.6.2: we do not offer post_handshake_auth), but wolfSSL 5.5.4 answers
  // all the same, with Certificate and Finished. 0 makes it refuse.
  const auto& self = *static_cast<TlsSession*>(wolfSSL_GetIOReadCtx(session));
  return self.finished_ ? 0 : 1;
}

bool TlsSession::judge_leaf(const WOLFSSL_X509_STORE_CTX& store) {
  vouching_.reset();
  if (store.totalCerts < 1 || store.certs == nullptr) {
    refusal_ = "the broker showed no certificate";
    return false;
  }
  const Bytes certificate(store.certs[0].buffer, store.certs[0].length);
  const auto spki = pinning::find_spki(certificate);
  if (!spki || !holds_the_key_that_wolfssl_read(*spki, store.current_cert)) {
    refusal_ = "no public key could be read from the broker's certificate";
    return false;
  }
  pinning::Pin seen;
  if (wc_Sha256Hash(spki->data(), static_cast<word32>(spki->size()), seen.digest.data()) != 0) {
    refusal_ = "the broker's public key could not be hashed";
    return false;
  }
  seen_ = seen;
  vouching_ = keys_->match(seen);
  return vouching_.has_value();
}

void TlsSession::feed(Bytes cipher_text) {
  heard_anything_ = heard_anything_ || !cipher_text.empty();
  input_.insert(input_.end(), cipher_text.begin(), cipher_text.end());
}

Failure TlsSession::explain(int result) {
  if (!vouching_ && seen_) {
    return {Errc::identity_refused,
            "the broker proved the key " + seen_->text() + ", which is not pinned; the pins are " +
                keys_->text() + ". Either this is not your broker, or its key was replaced"};
  }
  if (!refusal_.empty()) return {Errc::identity_refused, refusal_};
  Failure failure = explain_tls_error(session_.get(), result);
  if (seen_ && !finished_ && !fatal_alert_of_peer(session_.get())) {
    // Anybody can show the broker's certificate: it is public.
    return {Errc::tls_failed, "the peer showed the pinned key " + seen_->text() +
                                  " but did not prove that it owns it. " + failure.detail};
  }
  return failure;
}

TlsSession::Step TlsSession::handshake(Failure& failure) {
  if (verified()) return Step::verified;
  // A peer that speaks something else is told by its very first bytes. Later input begins wherever
  // a segment began, in the middle of a record as well.
  if (!begun_ && !may_be_tls(input_)) {
    failure = explain_foreign_protocol(input_);
    return Step::failed;
  }
  const int result = wolfSSL_connect(session_.get());
  if (result != WOLFSSL_SUCCESS) {
    const int error = wolfSSL_get_error(session_.get(), result);
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE)
      return Step::need_input;
    failure = explain(result);
    return Step::failed;
  }
  finished_ = true;
  if (!vouching_) {
    // The callback was not called: whatever the reason, nobody has looked at the key.
    failure =
        Failure(Errc::identity_refused, "the handshake ended without a look at the broker's key");
    return Step::failed;
  }
  return Step::verified;
}

Failure TlsSession::write(std::span<const std::byte> plain_text) {
  if (!verified()) return {Errc::identity_refused, "nothing is written before the verdict"};
  while (!plain_text.empty()) {
    const auto record = plain_text.first(std::min(plain_text.size(), limits::kMaxRecordBytes));
    const int result =
        wolfSSL_write(session_.get(), record.data(), static_cast<int>(record.size()));
    if (result <= 0) return explain_tls_error(session_.get(), result);
    ++records_written_;
    plain_text = plain_text.subspan(static_cast<std::size_t>(result));
  }
  return {};
}

TlsSession::Read TlsSession::read(std::span<std::byte> plain_text) {
  Read read;
  if (!verified()) {
    read.failure = Failure(Errc::identity_refused, "nothing is read before the verdict");
    return read;
  }
  const int result =
      wolfSSL_read(session_.get(), plain_text.data(), static_cast<int>(plain_text.size()));
  if (result > 0) {
    read.bytes = static_cast<std::size_t>(result);
    return read;
  }
  const int error = wolfSSL_get_error(session_.get(), result);
  if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE) return read;
  if (error == WOLFSSL_ERROR_ZERO_RETURN) {
    read.closed = true;
  } else {
    read.failure = explain_tls_error(session_.get(), result);
  }
  return read;
}

void TlsSession::close_notify() {
  wolfSSL_shutdown(session_.get());
}

std::span<const std::uint8_t> TlsSession::output() const {
  return Bytes(output_).subspan(output_sent_);
}

void TlsSession::sent(std::size_t bytes) {
  output_sent_ += bytes;
  if (output_sent_ == output_.size()) {
    output_.clear();
    output_sent_ = 0;
  }
}

}  // namespace holdfast::channel
