// holdfast pinset check: is a broker certificate that is about to be deployed covered by a set, and
// by every device that has told of itself?

#include <algorithm>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "files.hpp"
#include "fleet_reader.hpp"
#include "key_source.hpp"
#include "pin_set_file.hpp"
#include "pinset.hpp"
#include "printable.hpp"

namespace holdfast::cli {
namespace {

// Devices that are named in a refusal.
constexpr std::size_t kNamed = 20;

struct CheckOptions {
  std::string cert;
  std::string set;
  FleetSource fleet;
};

void check_set(const CheckOptions& options, const SeenKey& key) {
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
}

// "a, b, c and 7 more"
template <class List, class Name>
std::string named(const List& list, Name name_of) {
  std::string text;
  std::size_t count = 0;
  for (const auto& item : list) {
    if (count++ < kNamed) text += (text.empty() ? "" : ", ") + printable(name_of(item));
  }
  if (count > kNamed) text += " and " + std::to_string(count - kNamed) + " more";
  return text;
}

void check_fleet(const CheckOptions& options, const SeenKey& key) {
  const FleetView view = read_fleet(options.fleet);
  const std::string where = printable(options.fleet.filter);
  if (view.size() == 0) {
    throw CommandError(kNotReachable, "no device has told of itself on " + where, "",
                       "give the filter of Presence::topic, and see that this client may read it");
  }
  const auto without = view.without_pin(key.pin);
  if (!without.empty()) {
    throw CommandError(
        kIdentityRefused,
        counted(without.size(), "device") + " of " + std::to_string(view.devices().size()) +
            (without.size() == 1 ? " does" : " do") + " not pin the key of " + options.cert,
        key.pin.text(),
        "they would refuse the broker; first bring them a set with this key: " +
            named(without, [](const std::string& topic) { return topic; }));
  }
  if (!view.unreadable().empty()) {
    throw CommandError(
        kIdentityRefused,
        "what " + counted(view.unreadable().size(), "device") + " said of itself cannot be read",
        named(view.unreadable(), [](const auto& item) { return item.first; }),
        "take away what is retained there if it is no device");
  }
  const auto all = view.all();
  print("All " + counted(all.sum(), "device") + " on " + where + " pin the key of " + options.cert +
        ", " + std::to_string(all.offline) + " of them offline: " + key.pin.text() + "\n");
}

int run(const CheckOptions& options) {
  if (options.set.empty() && options.fleet.filter.empty()) {
    refuse("nothing to check against", "", "give --set SET, --fleet FILTER, or both");
  }
  const auto key = key_of_certificate(options.cert);
  if (!options.set.empty()) check_set(options, key);
  if (!options.fleet.filter.empty()) check_fleet(options, key);
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
  command->add_option("--set", options->set, "the pin set, or - for stdin")->type_name("SET");
  auto* fleet = command
                    ->add_option("--fleet", options->fleet.filter,
                                 "ask the devices themselves, by their statuses; for instance "
                                 "fleet/+/status")
                    ->type_name("FILTER");
  Connection& connection = options->fleet.connection;
  connection.command = "pinset check";
  connection.cert_option = "--client-cert";
  connection.key_option = "--client-key";
  add_connection_options(*command, connection);
  add_fleet_options(*command, options->fleet);
  for (const char* name : {"--broker", "--pin"}) {
    command->get_option(name)->needs(fleet);
  }
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
