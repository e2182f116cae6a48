// The way from the broker's certificate up to a certificate authority that the app trusts, walked
// by ourselves (RFC 5280 section 6, for trees that have one way up, or a few).
//
// wolfSSL walks it, too. Its builds with WOLFSSL_TRUST_PEER_CERT have accepted a clone of an
// authority (CVE-2026-93302), and a context of it remembers the intermediates of earlier
// connections, so that a chain with a gap is accepted or not by what came before. Here the
// certificates of this handshake and of `ca_file` are all there is.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "channel/certificate.hpp"

namespace holdfast::channel {

/// The authorities of one `ca_file`, in memory.
class Authorities {
 public:
  /// @throws ConfigError for the field `ca_file`: not readable, or without an authority in it.
  static std::shared_ptr<const Authorities> load(const std::filesystem::path& file);

  const std::vector<Certificate>& certificates() const { return certificates_; }
  /// The file, for messages.
  const std::string& name() const { return name_; }
  /// What was left out: a sentence for an operator, or nothing.
  const std::string& warning() const { return warning_; }

 private:
  std::string name_;
  std::string warning_;
  std::vector<std::vector<std::uint8_t>> bytes_;
  std::vector<Certificate> certificates_;  // views into bytes_
};

/// At most this many certificates from the leaf to the authority, both counted.
inline constexpr std::size_t kMaxPathLength = 8;
/// At most this many signatures are checked: a peer can send many authorities of one name.
inline constexpr int kMaxSignatureChecks = 16;

struct CaPath {
  std::vector<Certificate>
      certificates;     ///< from the leaf to the authority; empty if there is none
  std::string refusal;  ///< why there is none, with the mend
};

/// The result is a view of `sent` and of `authorities`.
/// @param sent what the broker sent, its own certificate first
/// @param now seconds since 1970, as the clock of this machine has it
CaPath find_ca_path(std::span<const Certificate::Bytes> sent, const Authorities& authorities,
                    std::int64_t now);

}  // namespace holdfast::channel
