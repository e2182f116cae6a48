// holdfast pinset new: writes an unsigned pin set.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "files.hpp"
#include "pin_set_file.hpp"
#include "pinning/document_writer.hpp"
#include "pinset.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

using pinning::Document;
using pinning::Pin;
using pinning::Roots;

struct NewOptions {
  std::optional<std::uint64_t> version;
  std::vector<std::string> pins;
  std::vector<std::string> revoked;
  std::vector<std::string> candidates;
  std::string expires;
  std::string spread = "1h";
  std::vector<std::string> roots;
  unsigned threshold = 0;
  std::string from;
  std::string out;
};

void read_pins(const char* option, const std::vector<std::string>& texts, std::vector<Pin>& to) {
  for (const std::string& text : texts) {
    const Pin pin = read_pin(option, text);
    if (std::find(to.begin(), to.end(), pin) != to.end()) {
      refuse(std::string(option) + " is named twice", text, "each key counts once");
    }
    to.push_back(pin);
  }
}

// A key that was revoked once must stay so: a set that forgets it would trust it again wherever an
// older set still pins it.
void carry_revocations(const Document& old, std::vector<Pin>& revoked) {
  std::size_t carried = 0;
  for (const Pin& pin : old.list.revoked) {
    if (std::find(revoked.begin(), revoked.end(), pin) != revoked.end()) continue;
    revoked.push_back(pin);
    ++carried;
  }
  if (carried > 0) note("pinset new", std::to_string(carried) + " revoked keys stay revoked");
}

void append_roots(Document& document, const Roots& roots) {
  document.roots.push_back(
      {.roots = roots, .content = pinning::encode_roots(roots), .signatures = {}});
}

bool same_signers(Roots left, Roots right) {
  std::sort(left.keys.begin(), left.keys.end());
  std::sort(right.keys.begin(), right.keys.end());
  return left.threshold == right.threshold && left.keys == right.keys;
}

// The root keys of the older set, and a change if others were named.
void continue_roots(const NewOptions& options, Document& document) {
  const Roots newest = newest_roots(document);
  Roots wanted = newest;
  if (!options.roots.empty()) {
    const bool one_key = options.threshold == 0 && options.roots.size() > 1;
    wanted = read_roots(options.roots, one_key ? newest.threshold : options.threshold,
                        newest.version + 1);
  } else if (options.threshold != 0) {
    wanted.threshold = options.threshold;
  }
  if (same_signers(wanted, newest)) return;
  wanted.version = newest.version + 1;
  if (const auto why = pinning::why_not_roots(wanted); !why.empty()) {
    refuse("these root keys cannot work", why, "");
  }
  append_roots(document, wanted);
  note("pinset new", "version " + std::to_string(wanted.version) +
                         " of the root keys: this change must be signed by " +
                         std::to_string(newest.threshold) + " of the old keys and " +
                         std::to_string(wanted.threshold) + " of the new ones");
}

Document begin(const NewOptions& options) {
  Document document;
  if (options.from.empty()) {
    if (options.roots.empty()) {
      refuse("--root is missing", "", "name the keys that sign it, or an older set with --from");
    }
    if (!options.version) refuse("--version is missing", "", "the first set has --version 1");
    append_roots(document, read_roots(options.roots, options.threshold, 1));
    return document;
  }
  document = read_pin_set(options.from);
  document.signatures.clear();
  continue_roots(options, document);
  return document;
}

int run(const NewOptions& options) {
  Document document = begin(options);
  const auto now = now_in_seconds();
  pinning::PinList list;
  list.version = options.version.value_or(document.list.version + 1);
  if (!options.from.empty() && list.version <= document.list.version) {
    refuse("--version does not go up", std::to_string(list.version),
           options.from + " has version " + std::to_string(document.list.version));
  }
  list.roots_version = newest_roots(document).version;
  list.issued = now;
  if (!options.expires.empty()) list.expires = parse_moment("--expires", options.expires, now);
  if (!options.expires.empty() && list.expires <= now) {
    refuse("--expires is over", options.expires, "name a day to come");
  }
  list.spread =
      std::chrono::duration_cast<std::chrono::seconds>(parse_duration("--spread", options.spread));
  read_pins("--pin", options.pins, list.pins);
  read_pins("--revoke", options.revoked, list.revoked);
  read_pins("--candidate", options.candidates, list.candidates);
  if (!options.from.empty()) carry_revocations(document, list.revoked);
  if (list.pins.size() < 2) {
    note("pinset new",
         "one pin alone locks every device out when that key is lost; add the pin of a "
         "backup key");
  }
  document.content = pinning::encode_pins(list);
  document.list = list;
  write_pin_set(options.out, document);
  return kDone;
}

}  // namespace

void add_pinset_new(CLI::App& pinset, Action& action) {
  auto* command = pinset.add_subcommand("new", "write a pin set that nobody has signed yet");
  const auto options = std::make_shared<NewOptions>();
  const auto list = [command](const char* name, std::vector<std::string>& to, const char* help) {
    return command->add_option(name, to, help)->allow_extra_args(false);
  };
  command
      ->add_option("--version", options->version,
                   "goes up with every set; with --from one more than there")
      ->type_name("N");
  list("--pin", options->pins, "a key that is trusted; repeat it: one in service and a backup")
      ->required()
      ->type_name("PIN");
  list("--revoke", options->revoked, "a key that is trusted no more, in no set; may be repeated")
      ->type_name("PIN");
  list("--candidate", options->candidates, "a key that devices only report on; may be repeated")
      ->type_name("PIN");
  command
      ->add_option("--expires", options->expires,
                   "when it should have been replaced: 2027-01-31 or +365d; never unless told")
      ->type_name("DATE");
  command
      ->add_option("--spread", options->spread,
                   "time over which the fleet's reconnections are spread")
      ->type_name("DURATION")
      ->capture_default_str();
  list("--root", options->roots, "a key that may sign, ed25519/BASE64; may be repeated")
      ->type_name("KEY");
  command->add_option("--threshold", options->threshold, "how many root keys must sign")
      ->check(CLI::PositiveNumber)
      ->type_name("K");
  command->add_option("--from", options->from, "an older set, whose root keys and revocations stay")
      ->type_name("SET");
  command->add_option("-o,--out", options->out, "the file to write, or - for stdout")
      ->required()
      ->type_name("FILE");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
