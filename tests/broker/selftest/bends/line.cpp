// TLS and keys.

#include "selftest/bends/rule.hpp"
#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {
namespace {

// The suite's preflight opens two connections.
constexpr unsigned kFirstOfChecks = 2;

Proof another_key_to_the_first(const Hello& hello) {
  return hello.connection == kFirstOfChecks ? Proof::other_key : Proof::own_key;
}

// As a router does that goes by the server name, or sends what it does not know elsewhere.
Proof another_key_to_unusual_hellos(const Hello& hello) {
  const bool usual =
      hello.tls_1_3 && hello.server_name == "localhost" && !hello.prefers(kAes128Ccm8);
  return usual ? Proof::own_key : Proof::other_key;
}

}  // namespace

std::vector<BrokenRule> of_the_line() {
  return {
      {.name = "EveryFifthConnectionProvesAnotherKey",
       .filter = "identity.every_connection",
       .fails = {"identity.every_connection"},
       .other_key = true},
      {.name = "OneConnectionProvesAnotherKey",
       .filter = "identity.every_address:identity.every_connection",
       .fails = {"identity.every_address"},
       .bend = {.tls = {.proof = another_key_to_the_first}},
       .other_key = true,
       .passes = {"identity.every_connection"}},
      {.name = "ProvesAnotherKeyToUnusualHellos",
       .filter = "identity.every_connection:identity.old_versions:identity.no_server_name:"
                 "identity.unknown_server_name:economy.short_tags",
       .fails = {"economy.short_tags", "identity.no_server_name"},
       .warns = {"identity.old_versions", "identity.unknown_server_name"},
       .bend = {.tls = {.proof = another_key_to_unusual_hellos,
                        .suites = "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_8_SHA256",
                        .takes_tls_1_2 = true}},
       .other_key = true,
       .passes = {"identity.every_connection"}},
      {.name = "HasALongChain",
       .filter = "identity.chain:identity.every_connection:economy.set_up",
       .warns = {"economy.set_up", "identity.chain"},
       .passes = {"identity.every_connection"},
       .long_chain = true},
      {.name = "HasNoBackupKey",
       .filter = "identity.backup_key",
       .warns = {"identity.backup_key"},
       .no_backup = true},
      {.name = "TakesNoSuiteOfADevice",
       .filter = "identity.tls_1_3:identity.suites",
       .fails = {"identity.suites"},
       .bend = {.tls = {.suites = "TLS_AES_256_GCM_SHA384"}},
       .passes = {"identity.tls_1_3"}},
      {.name = "HasNoX25519",
       .filter = "identity.groups",
       .warns = {"identity.groups"},
       .bend = {.groups = "P-256"}},
  };
}

}  // namespace holdfast::broker_test
