#include "wire/tls_peer.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>

#include "channel/key_reader.hpp"
#include "channel/saved_session.hpp"
#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

// How long the broker may take to close its side.
constexpr auto kCloseBound = std::chrono::seconds(2);
constexpr std::size_t kReadBytes = std::size_t{16} * 1024;

WOLFSSL_METHOD* method_of(TlsVersions versions) {
  switch (versions) {
    case TlsVersions::only_1_3:
      return wolfTLSv1_3_client_method();
    case TlsVersions::only_1_2:
      return wolfTLSv1_2_client_method();
    case TlsVersions::both:
      break;
  }
  return wolfTLS_client_method();
}

void initialise_once() {
  static std::once_flag once;
  std::call_once(once, [] { wolfSSL_Init(); });
}

void require(bool done, const std::string& what) {
  if (!done) throw PeerError(Ending::tls_refused, "this wolfSSL cannot offer " + what);
}

void damage_ticket(WOLFSSL* session) {
  std::array<unsigned char, 4096> ticket{};
  auto size = static_cast<word32>(ticket.size());
  require(wolfSSL_get_SessionTicket(session, ticket.data(), &size) == WOLFSSL_SUCCESS && size > 0,
          "a ticket that can be damaged");
  ticket[size / 2] ^= 0x01;
  require(wolfSSL_set_SessionTicket(session, ticket.data(), size) == WOLFSSL_SUCCESS,
          "a damaged ticket");
}

std::string alert_of(WOLFSSL* session) {
  WOLFSSL_ALERT_HISTORY history{};
  if (wolfSSL_get_alert_history(session, &history) != WOLFSSL_SUCCESS) return {};
  if (history.last_rx.code < 0) return {};
  const char* name = wolfSSL_alert_desc_string_long(history.last_rx.code);
  return "the broker's alert " + std::to_string(history.last_rx.code) +
         (name == nullptr ? std::string() : std::string(" (") + name + ")");
}

std::string error_text(int error) {
  std::array<char, WOLFSSL_MAX_ERROR_SZ> text{};
  wolfSSL_ERR_error_string_n(static_cast<unsigned long>(error), text.data(), text.size());
  return text.data();
}

}  // namespace

void RecordFollower::feed(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (header_bytes_ < header_.size()) {
      header_[header_bytes_++] = bytes.front();
      bytes = bytes.subspan(1);
      if (header_bytes_ < header_.size()) continue;
      body_left_ = static_cast<std::size_t>(header_[3] << 8 | header_[4]);
      last_bytes_ = header_.size() + body_left_;
    }
    const std::size_t taken = std::min(body_left_, bytes.size());
    body_left_ -= taken;
    bytes = bytes.subspan(taken);
    if (body_left_ > 0) continue;
    ++records_;
    header_bytes_ = 0;
  }
}

void TlsPeer::FreeContext::operator()(WOLFSSL_CTX* context) const {
  wolfSSL_CTX_free(context);
}

void TlsPeer::FreeSession::operator()(WOLFSSL* session) const {
  wolfSSL_free(session);
}

TlsPeer::TlsPeer(const Address& address, const TlsOffer& offer, Deadline deadline)
    : name_(address.text), socket_(connect_to(address, deadline)) {
  initialise_once();
  configure(offer);
  shake_hands(deadline);
}

TlsPeer::~TlsPeer() = default;

void TlsPeer::configure(const TlsOffer& offer) {
  context_.reset(wolfSSL_CTX_new(method_of(offer.versions)));
  require(context_ != nullptr, "these versions of TLS");
  if (!offer.suites.empty()) {
    require(wolfSSL_CTX_set_cipher_list(context_.get(), offer.suites.c_str()) == WOLFSSL_SUCCESS,
            "the suites " + offer.suites);
  }
  if (!offer.certificate_file.empty()) {
    require(wolfSSL_CTX_use_certificate_chain_file(
                context_.get(), offer.certificate_file.c_str()) == WOLFSSL_SUCCESS,
            "the certificate " + offer.certificate_file);
    require(wolfSSL_CTX_use_PrivateKey_file(context_.get(), offer.key_file.c_str(),
                                            WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS,
            "the key " + offer.key_file);
  }
  wolfSSL_CTX_set_session_cache_mode(context_.get(), WOLFSSL_SESS_CACHE_OFF);
  wolfSSL_CTX_sess_set_new_cb(context_.get(), count_ticket);

  session_.reset(wolfSSL_new(context_.get()));
  require(session_ != nullptr, "a session");
  WOLFSSL* session = session_.get();
  wolfSSL_set_verify(session, WOLFSSL_VERIFY_PEER, look_at_certificate);
  wolfSSL_SetCertCbCtx(session, this);
  wolfSSL_SSLSetIORecv(session, receive);
  wolfSSL_SSLSetIOSend(session, send);
  wolfSSL_SetIOReadCtx(session, this);
  wolfSSL_SetIOWriteCtx(session, this);
  if (offer.versions != TlsVersions::only_1_3) wolfSSL_UseSessionTicket(session);
  if (offer.group) {
    require(
        wolfSSL_UseSupportedCurve(session, static_cast<word16>(*offer.group)) == WOLFSSL_SUCCESS,
        "this group");
  } else {
    wolfSSL_UseSupportedCurve(session, WOLFSSL_ECC_X25519);
    wolfSSL_UseSupportedCurve(session, WOLFSSL_ECC_SECP256R1);
  }
  if (offer.versions != TlsVersions::only_1_2) {
    require(wolfSSL_UseKeyShare(session, static_cast<word16>(offer.group.value_or(
                                             WOLFSSL_ECC_X25519))) == WOLFSSL_SUCCESS,
            "a key share of this group");
  }
  if (!offer.server_name.empty()) {
    wolfSSL_UseSNI(session, WOLFSSL_SNI_HOST_NAME, offer.server_name.data(),
                   static_cast<word16>(offer.server_name.size()));
  }
  if (!offer.alpn.empty()) {
    std::string name = offer.alpn;
    wolfSSL_UseALPN(session, name.data(), static_cast<unsigned>(name.size()),
                    WOLFSSL_ALPN_CONTINUE_ON_MISMATCH);
  }
  if (offer.ticket != nullptr) {
    require(channel::restore_session(session, offer.ticket->session.bytes()), "this ticket");
  }
  if (offer.damage_ticket) damage_ticket(session);
}

int TlsPeer::send(WOLFSSL*, char* bytes, int count, void* self_pointer) {
  auto& self = *static_cast<TlsPeer*>(self_pointer);
  const auto sent =
      ::send(self.socket_.get(), bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
  if (sent >= 0) {
    self.bytes_up_ += static_cast<std::size_t>(sent);
    return static_cast<int>(sent);
  }
  if (errno == EAGAIN || errno == EINTR) return WOLFSSL_CBIO_ERR_WANT_WRITE;
  self.was_reset_ = errno == ECONNRESET;
  self.end_came_ = true;
  return WOLFSSL_CBIO_ERR_CONN_RST;
}

int TlsPeer::receive(WOLFSSL*, char* bytes, int count, void* self_pointer) {
  auto& self = *static_cast<TlsPeer*>(self_pointer);
  const auto came = ::recv(self.socket_.get(), bytes, static_cast<std::size_t>(count), 0);
  if (came > 0) {
    self.bytes_down_ += static_cast<std::size_t>(came);
    self.records_.feed(
        {reinterpret_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(came)});
    return static_cast<int>(came);
  }
  if (came < 0 && (errno == EAGAIN || errno == EINTR)) return WOLFSSL_CBIO_ERR_WANT_READ;
  self.was_reset_ = came < 0 && errno == ECONNRESET;
  self.end_came_ = true;
  return WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

// Nothing is refused here: what was shown is written down.
int TlsPeer::look_at_certificate(int, WOLFSSL_X509_STORE_CTX* store) {
  auto& self = *static_cast<TlsPeer*>(store->userCtx);
  self.facts_.chain.clear();
  for (int i = 0; i < store->totalCerts; ++i) {
    const auto& one = store->certs[i];
    self.facts_.chain.emplace_back(one.buffer, one.buffer + one.length);
  }
  return 1;
}

int TlsPeer::count_ticket(WOLFSSL* session, WOLFSSL_SESSION*) {
  auto& self = *static_cast<TlsPeer*>(wolfSSL_GetIOReadCtx(session));
  ++self.tickets_;
  if (self.ticket_record_ != self.records_.records()) {
    self.ticket_record_ = self.records_.records();
    self.ticket_bytes_ += self.records_.last_bytes();
  }
  return 0;  // the reference stays wolfSSL's
}

void TlsPeer::wait(int error, Deadline deadline) {
  const bool writing = error == WOLFSSL_ERROR_WANT_WRITE;
  pollfd wanted{socket_.get(), static_cast<short>(writing ? POLLOUT : POLLIN), 0};
  while (true) {
    stop_if_interrupted();
    const int ready = ::poll(&wanted, 1, deadline.milliseconds_left());
    if (ready > 0) return;
    if (ready == 0) throw PeerError(Ending::time_up, name_ + " sent nothing in time");
    if (errno != EINTR) throw PeerError(Ending::time_up, name_ + " could not be waited for");
  }
}

void TlsPeer::fail(int error) {
  const std::string alert = alert_of(session_.get());
  if (was_reset_) throw PeerError(Ending::reset, name_ + " reset the connection");
  if (end_came_) {
    throw PeerError(Ending::closed,
                    name_ + " closed the connection" + (alert.empty() ? "" : " after " + alert));
  }
  throw PeerError(Ending::tls_refused, name_ + ": " + (alert.empty() ? error_text(error) : alert));
}

void TlsPeer::shake_hands(Deadline deadline) {
  while (true) {
    const int result = wolfSSL_connect(session_.get());
    if (result == WOLFSSL_SUCCESS) break;
    const int error = wolfSSL_get_error(session_.get(), result);
    if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) {
      // A broker that hangs up within a handshake has refused it.
      const std::string alert = alert_of(session_.get());
      throw PeerError(Ending::tls_refused, name_ + ": " +
                                               (!alert.empty() ? alert
                                                : end_came_    ? "it closed within the handshake"
                                                               : error_text(error)));
    }
    wait(error, deadline);
  }
  facts_.version = wolfSSL_get_version(session_.get());
  const char* suite = wolfSSL_get_cipher_name(session_.get());
  facts_.suite = suite == nullptr ? "" : suite;
  const char* group = wolfSSL_get_curve_name(session_.get());
  facts_.group = group == nullptr ? "" : group;
  facts_.resumed = wolfSSL_session_reused(session_.get()) != 0;
  if (facts_.resumed) facts_.chain.clear();
  if (!facts_.chain.empty()) facts_.pin = channel::read_pin(facts_.chain.front());
  facts_.handshake_bytes_up = bytes_up_;
  facts_.handshake_bytes_down = bytes_down_ - ticket_bytes_;
}

void TlsPeer::write(std::span<const std::uint8_t> bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const int result = wolfSSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (result > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(result));
      continue;
    }
    const int error = wolfSSL_get_error(session_.get(), result);
    if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) fail(error);
    wait(error, deadline);
  }
}

Bytes TlsPeer::read(Deadline deadline) {
  Bytes bytes(kReadBytes);
  while (true) {
    const int result = wolfSSL_read(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (result > 0) {
      bytes.resize(static_cast<std::size_t>(result));
      return bytes;
    }
    const int error = wolfSSL_get_error(session_.get(), result);
    if (error == WOLFSSL_ERROR_ZERO_RETURN) {
      throw PeerError(Ending::closed, name_ + " closed the connection in order");
    }
    if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) fail(error);
    wait(error, deadline);
  }
}

std::optional<Ticket> TlsPeer::ticket() const {
  return channel::save_session(session_.get());
}

void TlsPeer::close() {
  if (socket_.get() < 0) return;
  wolfSSL_shutdown(session_.get());
  ::shutdown(socket_.get(), SHUT_WR);
  // With something unread the kernel would send a RST, and the broker might not read the rest.
  const Deadline deadline(kCloseBound);
  std::array<char, 4096> rest{};
  while (true) {
    pollfd wanted{socket_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, deadline.milliseconds_left()) <= 0) break;
    if (::recv(socket_.get(), rest.data(), rest.size(), 0) <= 0) break;
  }
  socket_ = Descriptor();
}

void TlsPeer::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_ = Descriptor();
}

}  // namespace holdfast::broker_test
