// Does every way to this broker end at a pinned key, and do the SDK's handshakes find what they
// ask?

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include <algorithm>
#include <set>

#include "catalogue.hpp"
#include "stage.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

constexpr unsigned kConnections = 10;

std::string pin_text(const TlsFacts& facts) {
  return facts.pin ? facts.pin->text() : "a key that cannot be read";
}

// Without the verdict of `Stage::open_tls`: for what may be refused, or answered by somebody else.
TlsFacts look(Stage& stage, const Address& address, const TlsOffer& offer) {
  const TlsPeer peer(address, offer, stage.deadline().within(stage.patience()));
  return peer.facts();
}

TlsFacts look(Stage& stage, const TlsOffer& offer) {
  return look(stage, stage.broker().addresses.front(), offer);
}

void judge_pin(Stage& stage, Finding& finding, const std::string& where, const TlsFacts& facts) {
  if (facts.pin && stage.options().accepts(*facts.pin)) {
    finding.pass(where + " proved " + pin_text(facts));
    return;
  }
  finding.fail(where + " proved " + pin_text(facts) + ", which is not pinned");
}

void every_address(Stage& stage, Finding& finding) {
  finding.figure("addresses", static_cast<double>(stage.broker().addresses.size()));
  for (const Address& address : stage.broker().addresses) {
    try {
      judge_pin(stage, finding, address.text, look(stage, address, stage.tls_offer()));
    } catch (const PeerError& error) {
      finding.warn(error.what());
    }
  }
}

void every_connection(Stage& stage, Finding& finding) {
  std::set<std::string> seen;
  for (unsigned i = 0; i < kConnections; ++i) {
    const TlsFacts facts = look(stage, stage.tls_offer());
    seen.insert(pin_text(facts));
    if (!facts.pin || !stage.options().accepts(*facts.pin)) {
      finding.fail("connection " + std::to_string(i + 1) + " proved " + pin_text(facts) +
                   ", which is not pinned");
      return;
    }
  }
  finding.figure("keys", static_cast<double>(seen.size()));
  finding.pass(std::to_string(kConnections) + " connections met " + std::to_string(seen.size()) +
               (seen.size() == 1 ? " key" : " keys, all pinned"));
}

void chain(Stage& stage, Finding& finding) {
  const TlsFacts facts = look(stage, stage.tls_offer());
  std::size_t bytes = 0;
  for (const Bytes& certificate : facts.chain) bytes += certificate.size();
  finding.figure("certificates", static_cast<double>(facts.chain.size()));
  finding.figure("bytes", static_cast<double>(bytes), "bytes");
  // One self-signed P-256 certificate has about 400, one of an authority with its names 700.
  constexpr std::size_t kShort = 1'000;
  if (bytes <= kShort) {
    finding.pass("a chain of " + std::to_string(bytes) + " bytes");
  } else {
    finding.warn(std::to_string(facts.chain.size()) + " certificates of " + std::to_string(bytes) +
                 " bytes go down with every full handshake");
  }
}

void backup_key(Stage& stage, Finding& finding) {
  const auto& options = stage.options();
  if (!options.backup_pin && options.pins.size() < 2) {
    finding.warn("no --backup-pin: a fleet with one pin is lost with that key");
    return;
  }
  const TlsFacts facts = look(stage, stage.tls_offer());
  if (options.backup_pin && facts.pin == options.backup_pin) {
    finding.pass("the backup key is served right now, and so is proven");
    return;
  }
  finding.figure("shown", 0);
  finding.only_figures();
  finding.saw(
      "the backup key was not shown; holdfast pinset check --cert tells beforehand whether "
      "a fleet takes it");
}

void tls_1_3(Stage& stage, Finding& finding) {
  const TlsFacts facts = look(stage, stage.tls_offer());
  finding.expect(facts.version == "TLSv1.3", "it agreed on " + facts.version);
  finding.saw(facts.version + ", " + facts.suite + ", " + facts.group);
}

void old_versions(Stage& stage, Finding& finding) {
  TlsOffer offer = stage.tls_offer();
  offer.versions = TlsVersions::only_1_2;
  bool taken = false;
  finding.only_figures();
  try {
    const TlsFacts facts = look(stage, offer);
    taken = true;
    finding.saw("with TLS 1.2: " + facts.suite);
    if (!facts.pin || !stage.options().accepts(*facts.pin)) {
      finding.warn("with TLS 1.2 it proves " + pin_text(facts) + ", which is not pinned");
    }
  } catch (const PeerError& error) {
    finding.saw(error.what());
  }
  finding.figure("TLS 1.2", taken ? 1 : 0);
}

// The SDK offers the first two, and the others on request (Options::cipher_suites).
void suites(Stage& stage, Finding& finding) {
  struct Suite {
    const char* name;
    bool usual;
  };
  unsigned usual = 0;
  for (const Suite& suite :
       {Suite{"TLS13-AES128-GCM-SHA256", true}, Suite{"TLS13-CHACHA20-POLY1305-SHA256", true},
        Suite{"TLS13-AES256-GCM-SHA384", false}}) {
    TlsOffer offer = stage.tls_offer();
    offer.suites = suite.name;
    bool agreed = false;
    try {
      agreed = look(stage, offer).version == "TLSv1.3";
    } catch (const PeerError& error) {
      finding.saw(std::string(suite.name) + ": " + error.what());
    }
    finding.figure(suite.name, agreed ? 1 : 0);
    if (agreed && suite.usual) ++usual;
  }
  if (finding.expect(usual > 0, "none of the suites that a device offers")) {
    finding.pass(std::to_string(usual) + " of the two suites that a device offers");
  }
}

// A device sends a key share of X25519; a broker that has only P-256 asks for another hello.
void groups(Stage& stage, Finding& finding) {
  struct Group {
    const char* name;
    int number;
  };
  bool x25519 = false;
  bool any = false;
  for (const Group& group :
       {Group{"X25519", WOLFSSL_ECC_X25519}, Group{"P-256", WOLFSSL_ECC_SECP256R1}}) {
    TlsOffer offer = stage.tls_offer();
    offer.group = group.number;
    bool agreed = false;
    try {
      look(stage, offer);
      agreed = true;
    } catch (const PeerError& error) {
      finding.saw(std::string(group.name) + ": " + error.what());
    }
    finding.figure(group.name, agreed ? 1 : 0);
    any = any || agreed;
    if (group.number == WOLFSSL_ECC_X25519) x25519 = agreed;
  }
  if (!finding.expect(any, "neither X25519 nor P-256")) return;
  if (x25519) {
    finding.pass("X25519, in one round trip");
  } else {
    finding.warn("without X25519 every full handshake takes a round trip and a hello more");
  }
}

// A device that names its broker by an address sends none (RFC 6066 section 3).
void no_server_name(Stage& stage, Finding& finding) {
  TlsOffer offer = stage.tls_offer();
  offer.server_name.clear();
  try {
    judge_pin(stage, finding, "without a server name the broker", look(stage, offer));
  } catch (const PeerError& error) {
    finding.warn(std::string("without a server name: ") + error.what());
  }
}

void unknown_server_name(Stage& stage, Finding& finding) {
  TlsOffer offer = stage.tls_offer();
  offer.server_name = "unknown.invalid";
  try {
    const TlsFacts facts = look(stage, offer);
    if (facts.pin && stage.options().accepts(*facts.pin)) {
      finding.pass("the pinned key is served for every name");
    } else {
      finding.warn("for a name that it does not know it proves " + pin_text(facts));
    }
  } catch (const PeerError& error) {
    finding.pass(std::string("it refuses names that it does not know: ") + error.what());
  }
}

void second_broker(Stage& stage, Finding& finding) {
  const auto& url = *stage.options().second_broker;
  TlsOffer offer = stage.tls_offer();
  offer.server_name = url.is_ip_literal ? "" : url.host;
  for (const Address& address : resolve(url.host, url.port)) {
    judge_pin(stage, finding, address.text, look(stage, address, offer));
  }
}

}  // namespace

std::vector<Check> identity_checks() {
  return {
      {.id = "identity.every_address",
       .title = "each address of the broker's name serves a pinned key",
       .reference = "RFC 7469 section 2.4 (the pin); practice",
       .meaning = "Devices that are given the other address refuse the broker.",
       .settings = {{"", "serve the same key behind every address, or pin each of them"}},
       .run = every_address},
      {.id = "identity.every_connection",
       .title = "ten connections in a row meet pinned keys only",
       .reference = "practice",
       .meaning = "Behind a balancer one node serves another key: some connections of every device "
                  "are refused.",
       .settings = {{"", "give all nodes behind one address the same certificate and key"}},
       .run = every_connection},
      {.id = "identity.chain",
       .title = "the certificate chain is short",
       .reference = "RFC 8446 section 4.4.2",
       .meaning = "A pinned key needs no chain: these bytes are paid with every full handshake.",
       .settings = {{"", "one self-signed P-256 certificate (holdfast keygen) has about 400 bytes"},
                    {"mosquitto", "certfile with the leaf alone"}},
       .run = chain},
      {.id = "identity.backup_key",
       .title = "there is a backup key",
       .reference = "RFC 7469 section 4.3",
       .meaning = "Without one the loss of a key locks the whole fleet out.",
       .settings = {{"", "holdfast keygen makes a backup key; pin it on every device"}},
       .run = backup_key},
      {.id = "identity.tls_1_3",
       .title = "the broker speaks TLS 1.3",
       .reference = "RFC 8446",
       .meaning = "The SDK speaks nothing older: no device gets in.",
       .settings = {{"mosquitto", "leave tls_version away, or tls_version tlsv1.3"},
                    {"EMQX", "listeners.ssl.default.ssl_options.versions = [tlsv1.3]"},
                    {"RabbitMQ", "ssl_options.versions.1 = tlsv1.3"},
                    {"HiveMQ", "<protocols><protocol>TLSv1.3</protocol></protocols>"}},
       .run = tls_1_3},
      {.id = "identity.old_versions",
       .title = "whether the broker still takes TLS 1.2, with the pinned key then",
       .reference = "RFC 8996, RFC 9325",
       .meaning = "Who pins the key and speaks TLS 1.2 is refused: a tool, or an older device.",
       .settings = {{"", "one certificate for all versions of TLS"}},
       .run = old_versions},
      {.id = "identity.suites",
       .title = "a suite that the SDK offers is taken",
       .reference = "RFC 8446 section 9.1",
       .meaning = "Devices cannot agree with the broker on a suite.",
       .settings = {{"mosquitto", "leave ciphers_tls1.3 away"},
                    {"RabbitMQ", "leave ssl_options.ciphers away"}},
       .needs = Need::tls_1_3,
       .run = suites},
      {.id = "identity.groups",
       .title = "the key exchange takes one round trip",
       .reference = "RFC 8446 sections 4.1.4 and 9.1",
       .meaning = "A hello more, up and down, for each full handshake.",
       .settings = {{"", "allow X25519"}},
       .run = groups},
      {.id = "identity.no_server_name",
       .title = "a device that knows the broker by its address meets a pinned key",
       .reference = "RFC 6066 section 3",
       .meaning = "Devices whose broker is named by an IP address are refused.",
       .settings = {{"", "give the pinned key to the default server of a router that goes by SNI"}},
       .run = no_server_name},
      {.id = "identity.unknown_server_name",
       .title = "no other key is served under other names",
       .reference = "RFC 6066 section 3",
       .meaning = "A device with a new name of the broker meets a key that is not pinned.",
       .settings = {{"", "refuse names that are not known, or serve the same key"}},
       .run = unknown_server_name},
      {.id = "identity.second_broker",
       .title = "the other node serves a pinned key",
       .reference = "practice",
       .meaning = "Devices that fail over to it are refused.",
       .settings = {{"", "give it the same key, or pin its own as well"}},
       .needs = Need::second_broker,
       .run = second_broker},
  };
}

}  // namespace holdfast::broker_test
