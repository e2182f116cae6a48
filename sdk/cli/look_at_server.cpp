#include "look_at_server.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/openssl/x509.h>
#include <wolfssl/ssl.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include <holdfast/error.hpp>

#include "channel/tls_errors.hpp"
#include "command.hpp"
#include "dial.hpp"
#include "pinning/spki.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

using Der = std::vector<std::uint8_t>;

struct FreeContext {
  void operator()(WOLFSSL_CTX* context) const { wolfSSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(WOLFSSL* session) const { wolfSSL_free(session); }
};

// What the verify callback sees of the server's chain.
struct Shown {
  std::vector<Der> chain;  // the leaf first
  Der leaf_key;            // as wolfSSL decoded it: the handshake is proved against this one
  std::string subject;
  std::string not_before;
  std::string not_after;
};

// The server's own words go to a terminal.
std::string harmless(std::string text) {
  if (is_plain_text(text)) return text;
  for (char& character : text) {
    if (static_cast<unsigned char>(character) - 0x20U >= 0x5FU) character = '?';
  }
  return text;
}

std::string date_of(const WOLFSSL_ASN1_TIME* time) {
  std::array<char, 64> text{};
  if (time == nullptr ||
      wolfSSL_ASN1_TIME_to_string(const_cast<WOLFSSL_ASN1_TIME*>(time), text.data(),
                                  static_cast<int>(text.size())) == nullptr) {
    return "?";
  }
  return harmless(text.data());
}

void note_leaf(WOLFSSL_X509* leaf, Shown& shown) {
  std::array<char, 1'024> subject{};
  if (wolfSSL_X509_NAME_oneline(wolfSSL_X509_get_subject_name(leaf), subject.data(),
                                static_cast<int>(subject.size())) != nullptr) {
    shown.subject = harmless(subject.data());
  }
  shown.not_before = date_of(wolfSSL_X509_get_notBefore(leaf));
  shown.not_after = date_of(wolfSSL_X509_get_notAfter(leaf));
  int size = 0;
  if (wolfSSL_X509_get_pubkey_buffer(leaf, nullptr, &size) != WOLFSSL_SUCCESS || size <= 0) return;
  shown.leaf_key.resize(static_cast<std::size_t>(size));
  if (wolfSSL_X509_get_pubkey_buffer(leaf, shown.leaf_key.data(), &size) != WOLFSSL_SUCCESS) {
    shown.leaf_key.clear();
  }
}

// Lets every certificate pass: nothing is sent to this server, it is only looked at.
int look(int, WOLFSSL_X509_STORE_CTX* store) {
  auto& shown = *static_cast<Shown*>(store->userCtx);
  try {
    if (store->error_depth == 0 && store->current_cert != nullptr) {
      note_leaf(store->current_cert, shown);
    }
    if (shown.chain.empty() && store->certs != nullptr) {
      for (int i = 0; i < store->totalCerts; ++i) {
        const auto& one = store->certs[i];
        shown.chain.emplace_back(one.buffer, one.buffer + one.length);
      }
    }
  } catch (...) {
    return 0;  // no memory: a failed look, not half of one
  }
  return 1;
}

[[noreturn]] void fail(const std::string& address, const std::string& why) {
  throw CommandError(kNotReachable, "no TLS 1.3 handshake with " + address, why, "");
}

// The socket as wolfSSL reads it, with a look at the first bytes: a server that speaks something
// else says so better than wolfSSL can.
struct Line {
  int fd = -1;
  std::vector<std::uint8_t> first;
};

int receive(WOLFSSL*, char* buffer, int size, void* line_pointer) {
  auto& line = *static_cast<Line*>(line_pointer);
  if (line.first.empty()) {
    std::array<std::uint8_t, 24> seen{};
    const auto count = ::recv(line.fd, seen.data(), seen.size(), MSG_PEEK);
    if (count > 0) line.first.assign(seen.begin(), seen.begin() + count);
  }
  const auto count = ::recv(line.fd, buffer, static_cast<std::size_t>(size), 0);
  if (count > 0) return static_cast<int>(count);
  if (count == 0) return WOLFSSL_CBIO_ERR_CONN_CLOSE;
  return errno == EAGAIN || errno == EINTR ? WOLFSSL_CBIO_ERR_WANT_READ : WOLFSSL_CBIO_ERR_CONN_RST;
}

void shake_hands(WOLFSSL* session, const Line& line, const std::string& address,
                 Deadline deadline) {
  for (;;) {
    const int result = wolfSSL_connect(session);
    if (result == WOLFSSL_SUCCESS) return;
    const int error = wolfSSL_get_error(session, result);
    if (!channel::may_be_tls(line.first)) {
      fail(address, channel::explain_foreign_protocol(line.first).detail);
    }
    if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE) {
      fail(address, channel::explain_tls_error(session, result).detail);
    }
    const Wait what = error == WOLFSSL_ERROR_WANT_READ ? Wait::to_read : Wait::to_write;
    if (!wait_for(line.fd, what, deadline)) fail(address, "no answer in time; raise --timeout");
  }
}

std::optional<SeenKey> key_in(const Der& certificate, const Der* must_hold) {
  const auto spki = pinning::find_spki(certificate);
  if (!spki) return std::nullopt;
  if (must_hold != nullptr &&
      (must_hold->empty() || std::search(spki->begin(), spki->end(), must_hold->begin(),
                                         must_hold->end()) == spki->end())) {
    return std::nullopt;
  }
  return key_of_spki(*spki);
}

channel::BrokerUrl parse_server(const std::string& server) {
  try {
    const bool has_scheme = server.find("://") != std::string::npos;
    return channel::parse_broker_url(has_scheme ? server : "mqtts://" + server);
  } catch (const ConfigError& error) {
    refuse("--server cannot work", server,
           "write HOST:PORT or [2001:db8::1]:PORT: " + error.mend());
  }
}

}  // namespace

ServerKeys look_at_server(const std::string& server, std::chrono::milliseconds timeout) {
  const auto url = parse_server(server);
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  return look_at(dial(url, deadline), url, deadline);
}

ServerKeys look_at(const Dialled& dialled, const channel::BrokerUrl& server, Deadline deadline,
                   std::string alpn) {
  // The TLS-1.3-only method and an explicit order to verify: without it wolfSSL as Debian builds it
  // takes a server that shows no certificate at all.
  wolfSSL_Init();
  const std::unique_ptr<WOLFSSL_CTX, FreeContext> context(
      wolfSSL_CTX_new(wolfTLSv1_3_client_method()));
  const std::unique_ptr<WOLFSSL, FreeSession> session(context ? wolfSSL_new(context.get())
                                                              : nullptr);
  if (!session) throw std::runtime_error("wolfSSL has no memory for a session");
  Shown shown;
  wolfSSL_set_verify(session.get(), WOLFSSL_VERIFY_PEER, look);
  wolfSSL_SetCertCbCtx(session.get(), &shown);
  wolfSSL_set_using_nonblock(session.get(), 1);
  Line line{.fd = dialled.socket.get(), .first = {}};
  const bool ready =
      wolfSSL_set_fd(session.get(), line.fd) == WOLFSSL_SUCCESS &&
      (server.is_ip_literal ||
       wolfSSL_UseSNI(session.get(), WOLFSSL_SNI_HOST_NAME, server.host.data(),
                      static_cast<unsigned short>(server.host.size())) == WOLFSSL_SUCCESS) &&
      (alpn.empty() ||
       wolfSSL_UseALPN(session.get(), alpn.data(), static_cast<unsigned int>(alpn.size()),
                       WOLFSSL_ALPN_FAILED_ON_MISMATCH) == WOLFSSL_SUCCESS);
  if (!ready) throw std::runtime_error("wolfSSL refuses the connection's settings");
  wolfSSL_SSLSetIORecv(session.get(), receive);
  wolfSSL_SetIOReadCtx(session.get(), &line);
  shake_hands(session.get(), line, dialled.address, deadline);
  wolfSSL_shutdown(session.get());

  ServerKeys keys{.address = dialled.address,
                  .subject = shown.subject,
                  .not_before = shown.not_before,
                  .not_after = shown.not_after};
  const auto leaf =
      shown.chain.empty() ? std::nullopt : key_in(shown.chain.front(), &shown.leaf_key);
  if (!leaf) fail(dialled.address, "no public key can be read from its certificate");
  keys.leaf = *leaf;
  for (std::size_t i = 1; i < shown.chain.size(); ++i) {
    if (const auto key = key_in(shown.chain[i], nullptr)) keys.above.push_back(*key);
  }
  keys.chain = std::move(shown.chain);
  return keys;
}

}  // namespace holdfast::cli
