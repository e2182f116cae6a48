#include "channel/tls_errors.hpp"

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include <algorithm>
#include <array>

namespace holdfast::channel {
namespace {

std::string name_of_alert(int code) {
  switch (code) {
    case 40:
      return "handshake_failure: no suite, group or signature algorithm in common; if the broker "
             "insists on AES-256, set cipher_suites to CipherSuites::any_length";
    case 42:
      return "bad_certificate: it does not accept the client certificate";
    case 43:
      return "unsupported_certificate: it does not take this kind of client certificate";
    case 44:
      return "certificate_revoked: the client certificate was revoked; get a new one";
    case 45:
      return "certificate_expired: the client certificate has expired, or the broker's clock is "
             "wrong; get a new one";
    case 46:
      return "certificate_unknown: it does not accept the client certificate";
    case 47:
      return "illegal_parameter";
    case 48:
      return "unknown_ca: it does not know the authority that issued the client certificate; add "
             "the authority to the broker's CA file, or the intermediates to certificate_file";
    case 49:
      return "access_denied";
    case 70:
      return "protocol_version: it does not speak TLS 1.3; enable it on the broker";
    case 71:
      return "insufficient_security";
    case 80:
      return "internal_error";
    case 109:
      return "missing_extension";
    case 112:
      return "unrecognized_name: it does not know the server name; check the broker's host";
    case 116:
      return "certificate_required: it wants a client certificate; set client_certificate in the "
             "options, with one of an authority that the broker trusts";
    case 120:
      return "no_application_protocol: it speaks none of the protocols that were offered; set alpn "
             "in the options to the name that it wants";
    default:
      return "alert " + std::to_string(code);
  }
}

}  // namespace

bool may_be_tls(std::span<const std::uint8_t> first_bytes) {
  if (!first_bytes.empty() && (first_bytes[0] < 20 || first_bytes[0] > 23)) return false;
  return first_bytes.size() < 2 || first_bytes[1] == 3;
}

Failure explain_foreign_protocol(std::span<const std::uint8_t> first_bytes) {
  std::string shown;
  for (const std::uint8_t byte : first_bytes.first(std::min<std::size_t>(first_bytes.size(), 24))) {
    shown += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
  }
  return {Errc::not_tls, "the peer does not speak TLS (it sent \"" + shown +
                             "\"); use the port of the broker's TLS listener"};
}

std::optional<int> fatal_alert_of_peer(WOLFSSL* session) {
  WOLFSSL_ALERT_HISTORY alerts{};
  const bool has_alerts = wolfSSL_get_alert_history(session, &alerts) == WOLFSSL_SUCCESS;
  if (!has_alerts || alerts.last_rx.level != alert_fatal) return std::nullopt;
  return alerts.last_rx.code;
}

Failure explain_tls_error(WOLFSSL* session, int result) {
  const int error = wolfSSL_get_error(session, result);
  if (const auto alert = fatal_alert_of_peer(session)) {
    return {Errc::tls_failed, "the broker refused the handshake: " + name_of_alert(*alert)};
  }
  if (error == VERSION_ERROR) {
    return {
        Errc::tls_failed,
        "the broker does not speak TLS 1.3, and nothing older is accepted; enable TLS 1.3 on it"};
  }
  if (error == UNKNOWN_ALPN_PROTOCOL_NAME_E) {
    return {Errc::tls_failed,
            "the broker picked a protocol in ALPN that was not offered; set alpn in the options to "
            "a name that it speaks, or leave it empty"};
  }
  std::array<char, WOLFSSL_MAX_ERROR_SZ> text{};
  wolfSSL_ERR_error_string(static_cast<unsigned long>(error), text.data());
  return {Errc::tls_failed, "TLS failed: " + std::string(text.data()) + " (wolfSSL error " +
                                std::to_string(error) + ")"};
}

}  // namespace holdfast::channel
