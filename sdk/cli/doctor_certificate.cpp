#include "doctor_certificate.hpp"

#include <string>
#include <utility>

#include "channel/certificate.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

// What `holdfast keygen` makes for a name of 18 letters: one self-signed P-256 certificate, DER.
constexpr std::uint64_t kCheapestCertificate = 354;
// Around each certificate in the handshake (RFC 8446 section 4.4.2): its length and its extensions.
constexpr std::uint64_t kAroundCertificate = 5;
constexpr std::uint64_t kCheapestSignature = 71;  // ECDSA with P-256, as a rule
// Less is not worth a new certificate.
constexpr std::uint64_t kWorthATry = 150;

// Bytes of the signature in CertificateVerify.
std::uint64_t signature_bytes(const std::string& kind) {
  if (kind == "P-384") return 103;
  if (kind == "Ed25519") return 64;
  if (kind.starts_with("RSA-")) {
    return static_cast<std::uint64_t>(std::strtoul(kind.c_str() + 4, nullptr, 10)) / 8;
  }
  return kCheapestSignature;
}

// What it is made out for, until when; as facts, because a pin asks for neither.
std::string describe(const ServerKeys& server) {
  std::string text = (server.leaf.kind.empty() ? "a key of an unknown kind" : server.leaf.kind) +
                     ", made out for " + (server.subject.empty() ? "nobody" : server.subject);
  const auto leaf = channel::parse_certificate(server.chain.front());
  if (!leaf) return text + ", valid from " + server.not_before + " to " + server.not_after;
  text += ", valid from " + channel::text_of_time(leaf->not_before) + " to " +
          channel::text_of_time(leaf->not_after);
  const auto now = static_cast<std::int64_t>(now_in_seconds());
  if (now < leaf->not_before) text += " (not yet, says this host's clock; a pin does not mind)";
  if (now > leaf->not_after) text += " (over, says this host's clock; a pin does not mind)";
  return text;
}

}  // namespace

Step describe_certificate(const ServerKeys& server, std::optional<std::uint64_t> handshake_bytes,
                          Asked asked) {
  Step step{.name = "certificate"};
  std::uint64_t sent = 0;
  for (const auto& one : server.chain) sent += one.size() + kAroundCertificate;
  const std::uint64_t now = sent + signature_bytes(server.leaf.kind);
  const std::uint64_t cheapest = kCheapestCertificate + kAroundCertificate + kCheapestSignature;
  step.what = describe(server);
  const std::size_t above = server.chain.size() - 1;
  if (above > 0) step.what += ", with " + std::to_string(above) + " more of its chain";
  step.facts = {{"key", server.leaf.kind},
                {"subject", server.subject},
                {"not_before", server.not_before},
                {"not_after", server.not_after},
                {"certificates", server.chain.size()},
                {"certificate_bytes", sent},
                {"address", server.address}};
  if (now > cheapest + kWorthATry) {
    const std::uint64_t more = now - cheapest;
    step.finding = Finding::costs;
    step.facts["bytes_more"] = more;
    step.what += "; " + std::to_string(more) + " bytes more in each full handshake than with one " +
                 "self-signed P-256 certificate";
    if (handshake_bytes && *handshake_bytes > more) {
      step.what += " (" + std::to_string(*handshake_bytes) + " instead of some " +
                   std::to_string(*handshake_bytes - more) + ")";
      step.facts["handshake_bytes"] = *handshake_bytes;
      step.facts["handshake_bytes_possible"] = *handshake_bytes - more;
    }
    step.mend =
        asked == Asked::pin_alone
            ? "a pinned key needs no chain: serve what holdfast keygen makes, and bring its "
              "pin to the devices first (docs/guides/rotation.md)"
            : "with authorities a chain has to be sent; P-256 keys and few intermediates "
              "make it short";
  }
  return step;
}

}  // namespace holdfast::cli
