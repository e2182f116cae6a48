// holdfast pinset check: is a broker certificate that is about to be deployed covered by a set?

#include <algorithm>
#include <memory>
#include <string>

#include "files.hpp"
#include "key_source.hpp"
#include "pin_set_file.hpp"
#include "pinset.hpp"

namespace holdfast::cli {
namespace {

struct CheckOptions {
  std::string cert;
  std::string set;
};

int run(const CheckOptions& options) {
  const auto key = key_of_certificate(options.cert);
  const auto document = read_pin_set(options.set);
  const auto& pins = document.list.pins;
  if (document.list.revokes(key.pin)) {
    throw CommandError(kIdentityRefused, "the set revokes the key of " + options.cert,
                       key.pin.text(), "do not deploy it; take a key that the set pins");
  }
  if (std::find(pins.begin(), pins.end(), key.pin) == pins.end()) {
    std::string list;
    for (const auto& pin : pins) list += (list.empty() ? "" : ", ") + pin.text();
    throw CommandError(kIdentityRefused, "the set does not pin the key of " + options.cert,
                       key.pin.text(),
                       "it pins " + list +
                           "; devices would refuse the broker: first publish a set "
                           "with this key");
  }
  print("The set pins the key of " + options.cert + ": " + key.pin.text() + "\n");
  return kDone;
}

}  // namespace

void add_pinset_check(CLI::App& pinset, Action& action) {
  auto* command =
      pinset.add_subcommand("check", "say whether a broker's new certificate is covered");
  const auto options = std::make_shared<CheckOptions>();
  command->add_option("--cert", options->cert, "the certificate, PEM or DER; the first in the file")
      ->required()
      ->type_name("FILE");
  command->add_option("--set", options->set, "the pin set, or - for stdin")
      ->required()
      ->type_name("SET");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
