// holdfast keygen: a broker's key and its backup, with self-signed certificates; or a root key.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "broker_keys.hpp"
#include "command.hpp"
#include "crypto/pem.hpp"
#include "crypto/signing_key.hpp"
#include "files.hpp"
#include "pinning/document.hpp"

namespace holdfast::cli {
namespace {

struct KeygenOptions {
  std::string out = ".";
  std::vector<std::string> names;
  int days = 3650;
  bool root = false;
};

constexpr int kMostDays = 36'500;

// Nobody is left with half of what was asked for: whatever is there already is told before anything
// is written.
void expect_free(const std::string& directory, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string path = (std::filesystem::path(directory) / name).string();
    if (exists(path)) {
      refuse(path + " is there already", "", "nothing is overwritten; name another --out");
    }
  }
}

int make_broker_keys(KeygenOptions options) {
  if (options.names.empty()) {
    options.names = {"localhost"};
    note("keygen",
         "no --name was given: the certificates name localhost (a pin does not look at it)");
  }
  make_directory(options.out);
  expect_free(options.out, {"broker.key", "broker.crt", "backup.key", "backup.crt"});
  const std::string service = write_broker_key(options.out, "broker", options.names, options.days);
  const std::string backup = write_broker_key(options.out, "backup", options.names, options.days);
  note("keygen",
       options.out +
           "/broker.key and broker.crt are for the broker. Take backup.key and "
           "backup.crt offline and keep them: devices trust them when the first key is lost");
  print(service + "\n" + backup + "\n");
  return kDone;
}

int make_root_key(const KeygenOptions& options) {
  make_directory(options.out);
  const auto key = crypto::SigningKey::generate();
  write_new_file(options.out + "/root.key", crypto::write_pem("PRIVATE KEY", key.pkcs8()),
                 Access::owner_only);
  note("keygen", options.out +
                     "/root.key signs pin sets: keep it offline. Devices are built with "
                     "its public half:");
  print(pinning::RootKey{key.public_key()}.text() + "\n");
  return kDone;
}

}  // namespace

void add_keygen(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "keygen", "make a broker's key, a backup key and their pins; or a root key");
  const auto options = std::make_shared<KeygenOptions>();
  command->add_option("--out", options->out, "the directory to write to; made if it is missing")
      ->type_name("DIR")
      ->capture_default_str();
  auto* name = command
                   ->add_option("--name", options->names,
                                "a host name or address of the broker; repeat it for more")
                   ->type_name("HOST")
                   ->allow_extra_args(false);
  auto* days = command->add_option("--days", options->days, "how long the certificates are valid")
                   ->check(CLI::Range(1, kMostDays))
                   ->type_name("DAYS")
                   ->capture_default_str();
  command
      ->add_flag("--root", options->root, "make an Ed25519 key that signs pin sets: root.key alone")
      ->excludes(name)
      ->excludes(days);
  command->callback([options, &action] {
    action = [options] {
      return options->root ? make_root_key(*options) : make_broker_keys(*options);
    };
  });
}

}  // namespace holdfast::cli
