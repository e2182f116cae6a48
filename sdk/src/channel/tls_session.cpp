#include "channel/tls_session.hpp"

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/openssl/x509.h>
#include <wolfssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <utility>

#include <holdfast/limits.hpp>

#include "channel/ca_path.hpp"
#include "channel/key_reader.hpp"
#include "channel/saved_session.hpp"
#include "channel/tls_errors.hpp"

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

// What wolfSSL may have found wrong that ours has not, in a few words with its number.
std::string wolfssl_objects(int error, int depth) {
  return "wolfSSL does not accept " +
         (depth == 0 ? std::string("the broker's certificate")
                     : "certificate " + std::to_string(depth + 1) + " of the broker's chain") +
         " (" + "error " + std::to_string(error) +
         "); let the broker send its own certificate and its intermediates, and nothing else";
}

}  // namespace

void TlsSession::Free::operator()(WOLFSSL* session) const {
  wolfSSL_free(session);
}

TlsSession::TlsSession(const TlsContext& context, std::string_view host, pinning::SharedKeys keys)
    : policy_(context.policy()),
      peer_(parse_peer_name(host)),
      keys_(std::move(keys)),
      session_(wolfSSL_new(context.get())) {
  if (session_ == nullptr) throw std::runtime_error("wolfSSL has no memory for a session");
  WOLFSSL* session = session_.get();
  wolfSSL_set_verify(session, WOLFSSL_VERIFY_PEER, verify);
  wolfSSL_SetCertCbCtx(session, this);
  wolfSSL_SSLSetIORecv(session, receive);
  wolfSSL_SSLSetIOSend(session, send);
  wolfSSL_SetIOReadCtx(session, this);
  wolfSSL_SetIOWriteCtx(session, this);
  wolfSSL_CTX_sess_set_new_cb(context.get(), on_ticket);
  guard_certificate_requests();
  if (wolfSSL_UseKeyShare(session, WOLFSSL_ECC_X25519) != WOLFSSL_SUCCESS) {
    throw std::runtime_error("wolfSSL has no X25519 key share");
  }
  offer_protocol();
  if (peer_.is_address() || peer_.host.empty()) return;
  if (wolfSSL_UseSNI(session, WOLFSSL_SNI_HOST_NAME, peer_.host.data(),
                     static_cast<unsigned short>(peer_.host.size())) != WOLFSSL_SUCCESS) {
    throw std::runtime_error("wolfSSL refuses the server name " + peer_.host);
  }
  // For IP literals our own check is alone: wolfSSL compares texts, and an address has several.
  if (policy_.trust == TrustMode::pinned_and_ca &&
      wolfSSL_check_domain_name(session, peer_.host.c_str()) != WOLFSSL_SUCCESS) {
    throw std::runtime_error("wolfSSL refuses to check the name " + peer_.host);
  }
}

// A server that picks nothing is fine: many brokers do not know ALPN, and the pin tells who they
// are. One that picks what was not offered is out of order (RFC 7301 section 3.1).
void TlsSession::offer_protocol() {
  std::string name = policy_.alpn;
  if (name.empty()) return;
  if (wolfSSL_UseALPN(session_.get(), name.data(), static_cast<unsigned int>(name.size()),
                      WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS) {
    throw std::runtime_error("wolfSSL refuses the ALPN protocol " + name);
  }
}

int TlsSession::receive(WOLFSSL*, char* buffer, int size, void* self_pointer) {
  auto& self = *static_cast<TlsSession*>(self_pointer);
  const std::size_t available = self.input_.size() - self.input_read_;
  if (available == 0) return WOLFSSL_CBIO_ERR_WANT_READ;
  const std::size_t count = std::min(available, static_cast<std::size_t>(size));
  self.begun_ = true;
  std::memcpy(buffer, self.input_.data() + self.input_read_, count);
  self.follow_records(Bytes(self.input_).subspan(self.input_read_, count));
  self.input_read_ += count;
  if (self.input_read_ == self.input_.size()) {
    self.input_.clear();
    self.input_read_ = 0;
  }
  return static_cast<int>(count);
}

// RFC 8446 section 5.1: type, version, and two bytes of length.
void TlsSession::follow_records(Bytes cipher_text) {
  while (!cipher_text.empty()) {
    const bool in_header = record_at_ < record_header_.size();
    if (in_header) record_header_[record_at_] = cipher_text.front();
    const std::size_t length =
        record_header_.size() +
        (static_cast<std::size_t>(record_header_[3]) << 8U | record_header_[4]);
    const std::size_t taken = in_header ? 1 : std::min(cipher_text.size(), length - record_at_);
    cipher_text = cipher_text.subspan(taken);
    record_at_ += taken;
    if (record_at_ < record_header_.size() || record_at_ < length) continue;
    whole_bytes_ += length;
    last_whole_ = length;
    record_at_ = 0;
  }
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
    return self.judge(*store) ? 1 : 0;
  } catch (...) {
    self.vouching_.reset();
    return 0;  // no memory, say: closed, not open
  }
}

// Called by wolfSSL when it has read a ticket. What it stands for is saved later, outside of
// wolfSSL.
int TlsSession::on_ticket(WOLFSSL* session, WOLFSSL_SESSION*) {
  auto& self = *static_cast<TlsSession*>(wolfSSL_GetIOReadCtx(session));
  self.ticket_came_ = true;
  return 0;  // the reference stays wolfSSL's
}

// Called for certificates from the top of the chain down to the leaf, which is always among them;
// those above it only where wolfSSL objects to one.
bool TlsSession::judge(const WOLFSSL_X509_STORE_CTX& store) {
  judged_ = true;
  if (policy_.trust == TrustMode::pinned_and_ca) {
    // An objection is never overruled here: a yes would add the certificate to those that wolfSSL
    // trusts. Our own walk is made all the same, because it names the mend.
    if (store.error != 0) {
      refusal_ = wolfssl_objects(store.error, store.error_depth);
      objected_ = true;
    }
    if (store.error_depth == 0) return judge_leaf(store) && !objected_;
    if (objected_) walk(store);
    return !objected_;
  }
  if (!is_overruled_by_a_pin(store.error)) {
    refusal_ = "the broker's certificate is not valid (error " + std::to_string(store.error) + ")";
    return false;
  }
  // Certificates above the leaf vouch for nothing here: only the leaf's key is proved by the
  // handshake, and anybody can append the pinned certificate to a chain of his own.
  return store.error_depth != 0 || judge_leaf(store);
}

// Once the connection is in service the broker must not ask for a client certificate (RFC 8446
// section 4.6.2: we do not offer post_handshake_auth), but wolfSSL 5.5.4 answers all the same, with
// Certificate and Finished. Only a context can have the callback that stops it, and during the
// handshake of a device without a certificate it must not be there: wolfSSL then takes for granted
// that it brings one, and fails with every broker that merely asks.
void TlsSession::guard_certificate_requests() {
  const bool guarded = finished_ || policy_.identity != nullptr;
  wolfSSL_CTX_set_cert_cb(wolfSSL_get_SSL_CTX(session_.get()),
                          guarded ? on_certificate_request : nullptr, nullptr);
}

int TlsSession::on_certificate_request(WOLFSSL* session, void*) {
  // It finds its session by the receive callback's context. 0 makes wolfSSL refuse.
  const auto& self = *static_cast<TlsSession*>(wolfSSL_GetIOReadCtx(session));
  return self.finished_ ? 0 : 1;
}

bool TlsSession::judge_leaf(const WOLFSSL_X509_STORE_CTX& store) {
  vouching_.reset();
  proven_.clear();
  if (store.totalCerts < 1 || store.certs == nullptr) {
    refusal_ = "the broker showed no certificate";
    return false;
  }
  seen_ = read_pin({store.certs[0].buffer, store.certs[0].length}, store.current_cert);
  if (!seen_) {
    refusal_ = "no public key could be read from the broker's certificate";
    return false;
  }
  if (policy_.trust == TrustMode::pinned_and_ca) return judge_path(store);
  proven_ = {*seen_};
  return match_pins();
}

// @return the certificates that lead from the leaf to an authority of ours; none, and `refusal_`
// set, where there is no way up.
std::vector<Certificate> TlsSession::walk(const WOLFSSL_X509_STORE_CTX& store) {
  std::vector<Bytes> sent;
  sent.reserve(static_cast<std::size_t>(store.totalCerts));
  for (int i = 0; i < store.totalCerts; ++i) {
    sent.emplace_back(store.certs[i].buffer, store.certs[i].length);
  }
  CaPath path = find_ca_path(sent, *policy_.authorities, std::time(nullptr));
  if (!path.refusal.empty()) {
    refusal_ = "the broker's certificate is not trusted: " + path.refusal;
  }
  return std::move(path.certificates);
}

bool TlsSession::judge_path(const WOLFSSL_X509_STORE_CTX& store) {
  const std::vector<Certificate> path = walk(store);
  if (path.empty()) return false;
  if (const std::string why = why_not_for(path.front(), peer_); !why.empty()) {
    refusal_ = "the broker's certificate is for somebody else: " + why;
    return false;
  }
  if (objected_) return false;
  proven_ = {*seen_};
  for (std::size_t i = 1; i < path.size(); ++i) {
    const auto pin = read_pin(path[i].der);
    if (pin) proven_.push_back(*pin);
  }
  return match_pins();
}

bool TlsSession::match_pins() {
  vouching_ = keys_->judge(proven_);
  return vouching_.has_value();
}

std::optional<pinning::Pin> TlsSession::refused_pin() const {
  return vouching_ || proven_.empty() ? std::nullopt : std::optional(proven_.front());
}

bool TlsSession::offer(const resumption::Ticket& ticket) {
  if (begun_ || ticket.proven.empty() || !keys_->judge(ticket.proven)) return false;
  if (!restore_session(session_.get(), ticket.session.bytes())) return false;
  offered_ = ticket.proven;
  return true;
}

std::optional<resumption::NewTicket> TlsSession::take_ticket() {
  if (!verified() || !std::exchange(ticket_came_, false)) return std::nullopt;
  return save_session(session_.get());
}

void TlsSession::feed(Bytes cipher_text) {
  if (!offered_.empty() && !finished_) answer_.feed(cipher_text);
  heard_anything_ = heard_anything_ || !cipher_text.empty();
  input_.insert(input_.end(), cipher_text.begin(), cipher_text.end());
}

Failure TlsSession::explain(int result) {
  if (!refusal_.empty()) return {Errc::identity_refused, refusal_};
  if (!vouching_ && !proven_.empty()) {
    std::string above;
    for (std::size_t i = 1; i < proven_.size(); ++i) {
      above += (i == 1 ? " (above it: " : ", ") + proven_[i].text();
    }
    if (!above.empty()) above += ")";
    return {Errc::identity_refused,
            "the broker proved the key " + proven_.front().text() + above +
                ", which is not pinned; the pins are " + keys_->text() +
                ". Either this is not your broker, or its key was replaced"};
  }
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
  handshake_bytes_down_ = std::exchange(whole_bytes_, 0);
  guard_certificate_requests();
  failure = judge_handshake();
  return failure ? Step::failed : Step::verified;
}

// Closed in every combination but the two that are understood.
Failure TlsSession::judge_handshake() {
  const bool says_resumed = wolfSSL_session_reused(session_.get()) != 0;
  if (judged_ && !says_resumed && vouching_) return {};
  const auto refuse = [this](const char* why) {
    vouching_.reset();
    return Failure(Errc::identity_refused, why);
  };
  if (judged_ || !says_resumed || offered_.empty()) {
    return refuse("the handshake ended without a look at the broker's key");
  }
  if (!answer_.has_key_share()) {
    return refuse(
        "the broker resumed the session without an exchange of keys (psk_ke); let it use "
        "psk_dhe_ke, which is what brokers do by default");
  }
  vouching_ = keys_->judge(offered_);
  if (!vouching_) return refuse("the key that vouched for the resumed session is trusted no more");
  seen_ = offered_.front();
  proven_ = offered_;
  resumed_ = true;
  return {};
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
  const std::size_t whole = std::exchange(whole_bytes_, 0);
  if (result > 0) {
    read.bytes = static_cast<std::size_t>(result);
    // Of the records that were taken the last one brought this; without any it came earlier.
    if (whole > 0) ticket_bytes_down_ += whole - last_whole_;
    return read;
  }
  const int error = wolfSSL_get_error(session_.get(), result);
  const bool ends = error == WOLFSSL_ERROR_ZERO_RETURN && whole > 0;
  if (ends) handshake_bytes_down_ += last_whole_;
  ticket_bytes_down_ += whole - (ends ? last_whole_ : 0);
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
