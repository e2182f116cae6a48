// holdfast pin: the pin of a certificate, a key, a request, or of what a server shows.

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "command.hpp"
#include "files.hpp"
#include "key_source.hpp"
#include "look_at_server.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

struct PinOptions {
  std::string cert;
  std::string key;
  std::string csr;
  std::string server;
  std::string timeout = "10s";
  bool json = false;
};

constexpr const char* kNetworkWarning =
    "this pin was taken from the network: whoever answered may not be your broker. Run `holdfast "
    "pin --key broker.key` (or --cert broker.crt) on the broker's host, and use the pin only if "
    "both are equal";

void show(const SeenKey& key, const nlohmann::ordered_json& facts, const std::string& from,
          bool as_json) {
  const std::string kind = key.kind.empty() ? "unknown" : key.kind;
  if (as_json) {
    nlohmann::ordered_json all{{"pin", key.pin.text()}, {"key", kind}};
    all.update(facts);
    print(all.dump() + "\n");
  } else {
    note("pin", "this is the " + kind + " key of " + from);
    print(key.pin.text() + "\n");
  }
  if (key.kind.empty()) {
    note("pin",
         "a key of this kind cannot be verified by Holdfast's devices; use P-256, P-384, "
         "Ed25519 or RSA");
  }
}

void show_server(const PinOptions& options) {
  const auto server = look_at_server(options.server, parse_duration("--timeout", options.timeout));
  nlohmann::ordered_json above = nlohmann::ordered_json::array();
  for (const SeenKey& key : server.above) above.push_back(key.pin.text());
  show(server.leaf,
       {{"source", "server"},
        {"address", server.address},
        {"subject", server.subject},
        {"not_before", server.not_before},
        {"not_after", server.not_after},
        {"chain", above},
        {"warning", kNetworkWarning}},
       server.address + " (" + server.subject + ", valid from " + server.not_before + " to " +
           server.not_after + ")",
       options.json);
  if (!options.json) {
    for (const SeenKey& key : server.above) {
      note("pin", "further up in the chain it sent, proved by nobody: " + key.pin.text());
    }
  }
  note("pin", std::string("WARNING: ") + kNetworkWarning);
}

int run(const PinOptions& options) {
  if (!options.cert.empty()) {
    show(key_of_certificate(options.cert), {{"source", "certificate"}, {"file", options.cert}},
         "the first certificate in " + options.cert, options.json);
  } else if (!options.key.empty()) {
    show(key_of_key_file(options.key), {{"source", "key"}, {"file", options.key}}, options.key,
         options.json);
  } else if (!options.csr.empty()) {
    show(key_of_request(options.csr), {{"source", "request"}, {"file", options.csr}},
         "the request " + options.csr, options.json);
  } else {
    show_server(options);
  }
  return kDone;
}

}  // namespace

void add_pin(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("pin", "print the pin of a key");
  const auto options = std::make_shared<PinOptions>();
  auto* from = command->add_option_group("from", "where the key comes from; one of them");
  from->add_option("--cert", options->cert, "a certificate, PEM or DER; the first in the file")
      ->type_name("FILE");
  from->add_option("--key", options->key, "a private or public key, PEM or DER, not encrypted")
      ->type_name("FILE");
  from->add_option("--csr", options->csr, "a certification request (PKCS#10), PEM or DER")
      ->type_name("FILE");
  from->add_option("--server", options->server,
                   "looks at what a TLS server shows, and hangs up; port 8883 unless told")
      ->type_name("HOST[:PORT]");
  from->require_option(1);
  command->add_option("--timeout", options->timeout, "with --server: how long to wait")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
