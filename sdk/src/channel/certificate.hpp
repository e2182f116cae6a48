// An X.509 certificate as far as the way up to a certificate authority needs it (RFC 5280): names,
// dates, key, and the extensions that limit what it may do. Pure: bytes in, a view of them out.
//
// wolfSSL verifies certificates, too. This second reader is there because trust that hangs on one
// reader alone has failed before (CVE-2026-93302); where the two disagree, nobody is trusted.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::channel {

struct Certificate {
  using Bytes = std::span<const std::uint8_t>;

  Bytes der;                                 ///< the whole of it; all other views point into it
  Bytes issuer;                              ///< the DER of a Name
  Bytes subject;                             ///< the DER of a Name
  Bytes spki;                                ///< SubjectPublicKeyInfo, header included
  std::int64_t not_before = 0;               ///< seconds since 1970
  std::int64_t not_after = 0;                ///< seconds since 1970
  bool is_authority = false;                 ///< basicConstraints says CA
  bool may_certify = true;                   ///< keyUsage is absent or has keyCertSign
  bool constrains_names = false;             ///< nameConstraints is there
  std::optional<std::uint32_t> path_length;  ///< pathLenConstraint
  bool has_alt_names = false;                ///< subjectAltName is there
  std::vector<std::string> dns_names;        ///< as they are written, with every byte
  std::vector<Bytes> addresses;              ///< 4 or 16 bytes each

  /// For a person: the common name, or what else the subject consists of.
  std::string subject_text() const;
};

/// Strict: one certificate and nothing behind it; an extension at most once. @return empty for
/// anything else.
std::optional<Certificate> parse_certificate(Certificate::Bytes der);

/// A time as RFC 3339 writes it in UTC, for messages.
std::string text_of_time(std::int64_t seconds_since_1970);

}  // namespace holdfast::channel
