#include "channel/library_check.hpp"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/version.h>

#include <array>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>

#include <holdfast/error.hpp>

#include "channel/trial_server.hpp"

namespace holdfast::channel {
namespace {

constexpr std::uint32_t kOldest = 0x05005000;  // 5.5.0
// The newest series that the tests have run with (Debian 12: 5.5, Debian 13: 5.7).
constexpr std::uint32_t kNewestTried = 0x05007000;

constexpr std::uint32_t series(std::uint32_t version) {
  return version & 0xFFFFF000;
}

std::string text_of_version(std::uint32_t version) {
  return std::to_string(version >> 24) + "." + std::to_string((version >> 12) & 0xFFF) + "." +
         std::to_string(version & 0xFFF);
}

struct Probe {
  std::string refusal;
  std::string warning;
};

const Probe& probe_once() {
  static std::once_flag once;
  static Probe probe;
  std::call_once(once, [] { probe.refusal = probe_library(probe.warning); });
  return probe;
}

TlsSession::Step try_pin(TrialServer& server, const pinning::Pin& pin, Failure& failure,
                         bool& saw_the_key) {
  const TlsContext context;
  TlsSession client(
      context, "probe.invalid",
      std::make_shared<const pinning::TrustedKeys>(0, std::vector<pinning::Pin>{pin}));
  const auto step = server.talk_to(client, failure);
  saw_the_key = client.seen_pin() == server.pin();
  return step;
}

}  // namespace

LibraryFacts library_facts() {
  LibraryFacts facts;
  facts.header_version = LIBWOLFSSL_VERSION_HEX;
  facts.linked_version = static_cast<std::uint32_t>(wolfSSL_lib_version_hex());
#ifdef WOLFSSL_TLS13
  facts.tls13 = true;
#endif
#ifdef WOLFSSL_ALWAYS_VERIFY_CB
  facts.always_verify_callback = true;
#endif
#ifdef OPENSSL_EXTRA
  facts.openssl_extra = true;
#endif
#ifdef HAVE_ED25519
  facts.ed25519 = true;
#endif
  return facts;
}

LibraryVerdict judge_library(const LibraryFacts& facts) {
  LibraryVerdict verdict;
  const std::string linked = text_of_version(facts.linked_version);
  if (facts.linked_version < kOldest) {
    verdict.refusals.push_back(linked +
                               " is linked, and nothing older than 5.5 has been tried; "
                               "install a newer wolfSSL");
  }
  if (series(facts.linked_version) != series(facts.header_version)) {
    verdict.refusals.push_back(linked + " is linked, but this was built with the headers of " +
                               text_of_version(facts.header_version) +
                               ": what the verify callback reads may lie elsewhere; build with "
                               "the headers of the library that is installed");
  }
  const auto need = [&](bool has, const char* macro, const char* why) {
    if (has) return;
    verdict.refusals.push_back(std::string("it is built without ") + macro + ": " + why +
                               "; use a wolfSSL that has it, as Debian's");
  };
  need(facts.tls13, "WOLFSSL_TLS13", "nothing older than TLS 1.3 is spoken");
  need(facts.always_verify_callback, "WOLFSSL_ALWAYS_VERIFY_CB",
       "the verify callback would not see a certificate that wolfSSL likes");
  need(facts.openssl_extra, "OPENSSL_EXTRA", "the callback would not see the certificate's bytes");
  if (!facts.ed25519) {
    verdict.warnings.push_back(
        "wolfSSL is built without HAVE_ED25519: a broker with an Ed25519 key cannot be reached");
  }
  if (verdict.refusals.empty() && series(facts.linked_version) > kNewestTried) {
    verdict.warnings.push_back("wolfSSL " + linked +
                               " is newer than what this release was tried with (up to 5.7); the "
                               "probe at the start has passed");
  }
  return verdict;
}

std::string probe_library(std::string& warning) {
  std::unique_ptr<TrialServer> good;
  std::unique_ptr<TrialServer> bad;
  try {
    good = std::make_unique<TrialServer>(TrialServer::Demand::nothing);
    bad = std::make_unique<TrialServer>(TrialServer::Demand::nothing);
  } catch (const std::exception& error) {
    // A build without the server's side is none that trust depends on.
    warning = std::string("wolfSSL could not be tried out at the start: ") + error.what();
    return {};
  }
  try {
    Failure failure;
    bool saw_the_key = false;
    if (try_pin(*good, good->pin(), failure, saw_the_key) != TlsSession::Step::verified ||
        !saw_the_key || !good->content()) {
      return "it does not accept a server whose key is pinned (" + failure.detail + ")";
    }
    pinning::Pin other = bad->pin();
    other.digest[0] ^= 1;
    const auto step = try_pin(*bad, other, failure, saw_the_key);
    if (step != TlsSession::Step::failed || failure.error != Errc::identity_refused) {
      return "it accepts a server whose key is not pinned";
    }
    if (!saw_the_key) return "it does not ask about a server's certificate";
  } catch (const std::exception& error) {
    return std::string("it fails at a handshake: ") + error.what();
  }
  return {};
}

std::vector<std::string> check_library() {
  const LibraryFacts facts = library_facts();
  LibraryVerdict verdict = judge_library(facts);
  // With another library than the headers say, even the probe would read the wrong bytes.
  if (verdict.refusals.empty()) {
    const Probe& probe = probe_once();
    if (!probe.refusal.empty()) verdict.refusals.push_back(probe.refusal);
    if (!probe.warning.empty()) verdict.warnings.push_back(probe.warning);
  }
  if (verdict.refusals.empty()) return std::move(verdict.warnings);
  std::string all;
  for (const std::string& refusal : verdict.refusals) all += (all.empty() ? "" : "; ") + refusal;
  throw ConfigError("wolfSSL", text_of_version(facts.linked_version), all);
}

}  // namespace holdfast::channel
