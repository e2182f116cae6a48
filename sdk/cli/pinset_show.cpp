// holdfast pinset show: everything that is in a set, in plain words.

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "files.hpp"
#include "pin_set_file.hpp"
#include "pinset.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ShowOptions {
  std::string set;
  bool json = false;
};

std::string lines(const char* title, const std::vector<pinning::Pin>& pins) {
  std::string text;
  for (const auto& pin : pins) text += std::string(title) + pin.text() + "\n";
  return text;
}

std::string show_signatures(const pinning::Document& document, const SignedPart& part) {
  std::string text;
  for (const auto& signature : signatures_of(document, part)) {
    const bool belongs = may_sign(signature.key, part);
    const bool good = has_signed(signature.key, part, {signature});
    text += "    signed by " + signature.key.text() +
            (!good     ? " (the signature is wrong)"
             : belongs ? ""
                       : " (which is no root key of it)") +
            "\n";
  }
  return text.empty() ? "    signed by nobody\n" : text;
}

std::string in_words(const pinning::Document& document) {
  const auto& list = document.list;
  std::string text = "pin set, version " + std::to_string(list.version) + "\n";
  text += "  made on    " + format_moment(list.issued) + "\n";
  text += "  expires    " + (list.expires == 0 ? "never" : format_moment(list.expires)) + "\n";
  text += "  spread     " + std::to_string(list.spread.count()) + " s\n";
  text += lines("  pin        ", list.pins);
  text += lines("  revoked    ", list.revoked);
  text += lines("  candidate  ", list.candidates);
  for (const SignedPart& part : parts_of(document)) {
    text += "  " + part.name;
    if (part.is_pins) {
      text += ", to be signed under version " + std::to_string(list.roots_version) +
              " of the root keys\n";
    } else {
      const auto& roots = document.roots[part.change].roots;
      text += ": " + std::to_string(roots.threshold) + " of these must sign\n";
      for (const auto& key : roots.keys) text += "    key " + key.text() + "\n";
    }
    text += show_signatures(document, part);
  }
  for (const std::string& missing : missing_signatures(document)) {
    text += "  MISSING    " + missing + "\n";
  }
  return text;
}

Json texts(const std::vector<pinning::Pin>& pins) {
  Json array = Json::array();
  for (const auto& pin : pins) array.push_back(pin.text());
  return array;
}

// Keys whose signatures verify.
Json signers(const pinning::Document& document, const SignedPart& part) {
  Json array = Json::array();
  for (const auto& signature : signatures_of(document, part)) {
    if (has_signed(signature.key, part, {signature})) array.push_back(signature.key.text());
  }
  return array;
}

Json as_json(const pinning::Document& document) {
  const auto& list = document.list;
  Json roots = Json::array();
  Json pins_signed;
  for (const SignedPart& part : parts_of(document)) {
    if (part.is_pins) {
      pins_signed = signers(document, part);
      continue;
    }
    const auto& change = document.roots[part.change].roots;
    Json keys = Json::array();
    for (const auto& key : change.keys) keys.push_back(key.text());
    roots.push_back({{"version", change.version},
                     {"threshold", change.threshold},
                     {"keys", keys},
                     {"signed_by", signers(document, part)}});
  }
  return {{"version", list.version},
          {"roots_version", list.roots_version},
          {"issued", list.issued},
          {"expires", list.expires},
          {"spread_s", list.spread.count()},
          {"pins", texts(list.pins)},
          {"revoked", texts(list.revoked)},
          {"candidates", texts(list.candidates)},
          {"signed_by", pins_signed},
          {"roots", roots},
          {"missing", missing_signatures(document)}};
}

int run(const ShowOptions& options) {
  const auto document = read_pin_set(options.set);
  print(options.json ? as_json(document).dump() + "\n" : in_words(document));
  return kDone;
}

}  // namespace

void add_pinset_show(CLI::App& pinset, Action& action) {
  auto* command = pinset.add_subcommand("show", "print all that is in a pin set");
  const auto options = std::make_shared<ShowOptions>();
  command->add_option("SET", options->set, "the pin set, or - for stdin")->required();
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
