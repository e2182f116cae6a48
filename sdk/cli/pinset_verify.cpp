// holdfast pinset verify: would a device that was built with these root keys take the set?

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "files.hpp"
#include "pin_set_file.hpp"
#include "pinset.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

struct VerifyOptions {
  std::string set;
  std::vector<std::string> roots;
  unsigned threshold = 0;
  std::uint32_t root_version = 1;
};

int run(const VerifyOptions& options) {
  const auto known = read_roots(options.roots, options.threshold, options.root_version);
  const auto document = read_pin_set(options.set);
  std::string why;
  if (!pinning::verify_document(document, known, is_signed_by, why)) {
    for (const std::string& missing : missing_signatures(document)) {
      note("pinset verify", "missing: " + missing);
    }
    refuse("a device with these root keys refuses " + options.set, why, "");
  }
  if (document.list.expires != 0 && document.list.expires < now_in_seconds()) {
    note("pinset verify",
         "it should have been replaced by " + format_moment(document.list.expires));
  }
  print("A device built with version " + std::to_string(known.version) +
        " of the root keys takes this set: version " + std::to_string(document.list.version) +
        ", " + std::to_string(document.list.pins.size()) + " pins.\n");
  return kDone;
}

}  // namespace

void add_pinset_verify(CLI::App& pinset, Action& action) {
  auto* command =
      pinset.add_subcommand("verify", "say whether a device built with these root keys takes it");
  const auto options = std::make_shared<VerifyOptions>();
  command->add_option("SET", options->set, "the pin set, or - for stdin")->required();
  command->add_option("--root", options->roots, "a root key of the device; may be repeated")
      ->required()
      ->allow_extra_args(false)
      ->type_name("KEY");
  command->add_option("--threshold", options->threshold, "how many of them must sign")
      ->check(CLI::PositiveNumber)
      ->type_name("K");
  command->add_option("--root-version", options->root_version, "which version these root keys are")
      ->check(CLI::PositiveNumber)
      ->type_name("V")
      ->capture_default_str();
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
