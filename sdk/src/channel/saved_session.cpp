#include "channel/saved_session.hpp"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>

#include <holdfast/limits.hpp>

namespace holdfast::channel {
namespace {

// Whether a ticket is too old is decided by resumption/policy.hpp, which knows more about clocks:
// wolfSSL would compare with the time of day, and drop tickets of before the clock was set.
constexpr long kNeverTooOld = 0x7FFFFFFF;

struct FreeSession {
  void operator()(WOLFSSL_SESSION* session) const { wolfSSL_SESSION_free(session); }
};
using Session = std::unique_ptr<WOLFSSL_SESSION, FreeSession>;

Session read(std::span<const std::uint8_t> bytes) {
  const unsigned char* first = bytes.data();
  return Session(wolfSSL_d2i_SSL_SESSION(nullptr, &first, static_cast<long>(bytes.size())));
}

Secret write(WOLFSSL_SESSION* session) {
  const int size = wolfSSL_i2d_SSL_SESSION(session, nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > limits::kMaxTicketBytes) return {};
  Secret bytes(static_cast<std::size_t>(size));
  unsigned char* first = bytes.writable().data();
  return wolfSSL_i2d_SSL_SESSION(session, &first) == size ? bytes : Secret();
}

std::span<const std::uint8_t> identifier_of(const WOLFSSL_SESSION* session) {
  unsigned size = 0;
  const unsigned char* first = wolfSSL_SESSION_get_id(session, &size);
  return first == nullptr ? std::span<const std::uint8_t>() : std::span(first, size);
}

// wolfSSL gives each session an identifier, sends it in the ClientHello, and the server has to send
// it back: 64 bytes that mean nothing in TLS 1.3 (RFC 8446 appendix D.4). There is no call that
// takes it away, so it is cut out of the bytes, where its length stands before it. If it cannot be
// found there, or wolfSSL does not read what is left as a session with the same ticket, it stays.
Secret without_identifier(Secret bytes) {
  const Session whole = read(bytes.bytes());
  if (whole == nullptr) return {};
  const auto identifier = identifier_of(whole.get());
  if (identifier.empty() || identifier.size() > 32) return bytes;
  Secret wanted(identifier.size() + 1);
  wanted.writable()[0] = static_cast<std::uint8_t>(identifier.size());
  std::copy(identifier.begin(), identifier.end(), wanted.writable().begin() + 1);
  const auto all = bytes.bytes();
  const auto at = std::search(all.begin(), all.end(), wanted.bytes().begin(), wanted.bytes().end());
  if (at == all.end()) return bytes;
  Secret shorter(all.size() - identifier.size());
  const auto rest = std::copy(all.begin(), at, shorter.writable().begin());
  *rest = 0;
  std::copy(at + static_cast<std::ptrdiff_t>(wanted.size()), all.end(), rest + 1);
  const Session cut = read(shorter.bytes());
  const bool same = cut != nullptr && identifier_of(cut.get()).empty() &&
                    wolfSSL_SESSION_has_ticket(cut.get()) != 0 &&
                    wolfSSL_SESSION_get_ticket_lifetime_hint(cut.get()) ==
                        wolfSSL_SESSION_get_ticket_lifetime_hint(whole.get());
  return same ? shorter : bytes;
}

// A longer one would be kept, and then fail every handshake that offers it (BUFFER_E).
bool can_be_offered(WOLFSSL* connection) {
  std::array<std::uint8_t, limits::kMaxOfferedTicketBytes> ticket{};
  word32 size = ticket.size();
  const bool read = wolfSSL_get_SessionTicket(connection, ticket.data(), &size) == WOLFSSL_SUCCESS;
  return read && size > 0;  // 0: it has no room in there
}

}  // namespace

std::optional<resumption::NewTicket> save_session(WOLFSSL* connection) {
  const Session session(wolfSSL_get1_session(connection));
  if (session == nullptr || wolfSSL_SESSION_has_ticket(session.get()) == 0) return std::nullopt;
  if (!can_be_offered(connection)) return std::nullopt;
  resumption::NewTicket ticket;
  ticket.session = without_identifier(write(session.get()));
  ticket.lifetime =
      static_cast<std::uint32_t>(wolfSSL_SESSION_get_ticket_lifetime_hint(session.get()));
  if (ticket.session.empty()) return std::nullopt;
  return ticket;
}

bool restore_session(WOLFSSL* connection, std::span<const std::uint8_t> bytes) {
  if (bytes.empty() || bytes.size() > limits::kMaxTicketBytes) return false;
  const Session session = read(bytes);
  if (session == nullptr || wolfSSL_SESSION_has_ticket(session.get()) == 0) return false;
  if (wolfSSL_SSL_SESSION_set_timeout(session.get(), kNeverTooOld) != WOLFSSL_SUCCESS) return false;
  return wolfSSL_set_session(connection, session.get()) == WOLFSSL_SUCCESS;
}

std::uint32_t library_version() {
  return wolfSSL_lib_version_hex();
}

}  // namespace holdfast::channel
