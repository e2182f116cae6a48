// holdfast pinset sign: adds one key's signature wherever it belongs.

#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "crypto/signing_key.hpp"
#include "key_source.hpp"
#include "pin_set_file.hpp"
#include "pinset.hpp"

namespace holdfast::cli {
namespace {

struct SignOptions {
  std::string key;
  std::string set;
  std::string out;
};

crypto::SigningKey read_signing_key(const std::string& file) {
  std::string why;
  auto key = crypto::SigningKey::from_pkcs8(read_private_key(file), why);
  if (!key) refuse(file + " cannot sign", why, "holdfast keygen --root makes one that can");
  return *key;
}

// Whether the threshold of one of its groups is not reached yet.
bool is_short(const pinning::Document& document, const SignedPart& part) {
  for (const pinning::Roots* roots : part.signers) {
    if (pinning::count_signers(*roots, part.label, *part.content, signatures_of(document, part),
                               is_signed_by) < roots->threshold) {
      return true;
    }
  }
  return false;
}

// Root changes of the past that were signed long ago need no more signatures; the newest one and
// the pins take any of their keys.
bool wants_signature(const pinning::Document& document, const SignedPart& part) {
  return part.is_pins || part.change + 1 == document.roots.size() || is_short(document, part);
}

// An older signature of the same key that does not verify would only take up room.
void replace(std::vector<pinning::RootSignature>& signatures,
             const pinning::RootSignature& signature) {
  std::erase_if(signatures, [&](const auto& other) { return other.key == signature.key; });
  signatures.push_back(signature);
}

int run(const SignOptions& options) {
  const auto key = read_signing_key(options.key);
  const pinning::RootKey root{key.public_key()};
  pinning::Document document = read_pin_set(options.set);
  std::string signed_now;
  bool belongs = false;
  for (const SignedPart& part : parts_of(document)) {
    auto& signatures = signatures_of(document, part);
    if (!may_sign(root, part)) continue;
    belongs = true;
    if (!wants_signature(document, part) || has_signed(root, part, signatures)) continue;
    replace(signatures, {root, key.sign(pinning::to_be_signed(part.label, *part.content))});
    signed_now += (signed_now.empty() ? "" : ", ") + part.name;
  }
  if (!belongs) {
    refuse("this key may not sign this set", root.text(), "it is none of the set's root keys");
  }
  note("pinset sign",
       signed_now.empty() ? "this key had signed all of it already" : "signed " + signed_now);
  for (const std::string& missing : missing_signatures(document)) {
    note("pinset sign", "still missing: " + missing);
  }
  write_pin_set(options.out.empty() ? options.set : options.out, document);
  return kDone;
}

}  // namespace

void add_pinset_sign(CLI::App& pinset, Action& action) {
  auto* command = pinset.add_subcommand("sign", "add a root key's signature to a pin set");
  const auto options = std::make_shared<SignOptions>();
  command->add_option("--key", options->key, "the root key, as holdfast keygen --root writes it")
      ->required()
      ->type_name("FILE");
  command->add_option("SET", options->set, "the pin set, or - for stdin")->required();
  command->add_option("-o,--out", options->out, "the file to write; SET itself unless told")
      ->type_name("FILE");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
