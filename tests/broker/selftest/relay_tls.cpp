#include "selftest/relay_tls.hpp"

#include <openssl/ssl.h>

#include <stdexcept>

namespace holdfast::broker_test {
namespace {

// RFC 6066 section 3: a list of one, of type 0.
std::string server_name_of(SSL* connection) {
  constexpr std::size_t kBefore = 5;
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_server_name, &bytes, &size) != 1 ||
      size < kBefore) {
    return {};
  }
  return {bytes + kBefore, bytes + size};
}

Hello read_hello(SSL* connection, unsigned number) {
  Hello hello{.connection = number, .server_name = server_name_of(connection)};
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  hello.tls_1_3 =
      SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_supported_versions, &bytes, &size) == 1;
  size = SSL_client_hello_get0_ciphers(connection, &bytes);
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    hello.suites.push_back(static_cast<std::uint16_t>(bytes[i] << 8 | bytes[i + 1]));
  }
  return hello;
}

int fill_ticket(SSL* connection, void* bend) {
  const std::string ballast(static_cast<const TlsBend*>(bend)->ticket_ballast, 'x');
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(connection), ballast.data(),
                                         ballast.size());
}

SSL_TICKET_RETURN judge_ticket(SSL*, SSL_SESSION*, const unsigned char*, std::size_t,
                               SSL_TICKET_STATUS status, void* bend) {
  if (status == SSL_TICKET_SUCCESS) return SSL_TICKET_RETURN_USE;
  if (status == SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_USE_RENEW;
  return static_cast<const TlsBend*>(bend)->aborts_at_bad_tickets ? SSL_TICKET_RETURN_ABORT
                                                                  : SSL_TICKET_RETURN_IGNORE_RENEW;
}

}  // namespace

void apply(const TlsBend& bend, SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, bend.takes_tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  if (!bend.suites.empty() && SSL_CTX_set_ciphersuites(context, bend.suites.c_str()) != 1) {
    throw std::runtime_error("the relay has no suites " + bend.suites);
  }
  if (bend.record_block > 0) SSL_CTX_set_block_padding(context, bend.record_block);
  if (bend.ticket_ballast > 0 || bend.aborts_at_bad_tickets) {
    SSL_CTX_set_session_ticket_cb(context, fill_ticket, judge_ticket, const_cast<TlsBend*>(&bend));
  }
  if (bend.proof) SSL_CTX_set_client_hello_cb(context, &Proving::on_hello, nullptr);
}

Proving::Proving(const TlsBend& bend, SSL* connection, unsigned number, SSL_CTX* other)
    : bend_(bend), number_(number), other_(other) {
  SSL_set_app_data(connection, this);
}

int Proving::on_hello(SSL* connection, int* alert, void*) {
  const auto& self = *static_cast<const Proving*>(SSL_get_app_data(connection));
  const Proof proof = self.bend_.proof(read_hello(connection, self.number_));
  if (proof == Proof::none) {
    *alert = SSL_AD_HANDSHAKE_FAILURE;
    return SSL_CLIENT_HELLO_ERROR;
  }
  if (proof == Proof::other_key) SSL_set_SSL_CTX(connection, self.other_);
  return SSL_CLIENT_HELLO_SUCCESS;
}

}  // namespace holdfast::broker_test
