#include "channel/tls_policy.hpp"

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

namespace holdfast::channel {
namespace {

void check_trust(const Options& options) {
  if (options.trust == TrustMode::pinned && !options.ca_file.empty()) {
    throw ConfigError("ca_file", options.ca_file.string(),
                      "with trust = TrustMode::pinned no authority is asked, and the file would "
                      "do nothing; remove it, or set trust to TrustMode::pinned_and_ca");
  }
  if (options.trust == TrustMode::pinned_and_ca && options.ca_file.empty()) {
    throw ConfigError("ca_file", "",
                      "trust = TrustMode::pinned_and_ca needs the PEM file of the authority that "
                      "issues the broker's certificate; the system's bundle is never used unasked");
  }
}

void check_alpn(const std::string& name) {
  if (name.size() > limits::kMaxAlpnBytes) {
    throw ConfigError("alpn", std::to_string(name.size()) + " bytes",
                      "a protocol name has at most 255 bytes (RFC 7301)");
  }
  // A comma separates names where wolfSSL takes them.
  for (const char character : name) {
    if (character > 0x20 && character < 0x7F && character != ',') continue;
    throw ConfigError("alpn", name,
                      "write the name of one protocol, in visible ASCII characters and without a "
                      "comma, for instance mqtt");
  }
}

}  // namespace

TlsPolicy make_tls_policy(const Options& options, std::vector<std::string>& warnings) {
  check_trust(options);
  check_alpn(options.alpn);
  TlsPolicy policy;
  policy.alpn = options.alpn;
  policy.trust = options.trust;
  policy.suites = options.cipher_suites;
  if (policy.trust == TrustMode::pinned_and_ca) {
    policy.authorities = Authorities::load(options.ca_file);
    if (!policy.authorities->warning().empty()) warnings.push_back(policy.authorities->warning());
  }
  if (options.client_certificate) {
    policy.identity = ClientIdentity::load(*options.client_certificate);
    if (!policy.identity->warning().empty()) warnings.push_back(policy.identity->warning());
  }
  return policy;
}

}  // namespace holdfast::channel
