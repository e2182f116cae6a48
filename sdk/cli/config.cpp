// holdfast config: what a config file may say, and what one says.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include <holdfast/config_file.hpp>

#include "command.hpp"
#include "device/check_options.hpp"
#include "json_output.hpp"
#include "printable.hpp"
#include "table.hpp"

namespace holdfast::cli {
namespace {

struct ConfigOptions {
  std::string file;
  bool json = false;
};

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

int tell_keys(const ConfigOptions& options) {
  if (options.json) {
    Json all = Json::array();
    for (const ConfigKey& key : config_keys()) {
      all.push_back({{"key", key.name},
                     {"variable", key.variable.empty() ? Json() : Json(key.variable)},
                     {"form", key.form},
                     {"meaning", key.meaning}});
    }
    print(Json{{"keys", all}}.dump() + "\n");
    return kDone;
  }
  Table table({{"KEY"}, {"VALUE"}, {"MEANING"}});
  for (const ConfigKey& key : config_keys()) table.add({key.name, key.form, key.meaning});
  print(table.take_lines());
  print(
      "\nThe variable for broker.url is HOLDFAST_BROKER_URL, and so on; a list has commas in it. "
      "Variables\noverrule the file, and the command line overrules both.\n");
  return kDone;
}

bool is_of_a_device(const std::string& key) {
  const auto keys = config_keys();
  const std::string table = key.substr(0, key.find_first_of(".["));
  return std::any_of(keys.begin(), keys.end(), [&table](const ConfigKey& one) {
    return one.name.substr(0, one.name.find_first_of(".[")) == table;
  });
}

// Everything that the device's constructor would refuse, with the line that says so.
void check(const ConfigFile& file) {
  try {
    device::check_options(file.options());
  } catch (const ConfigError& error) {
    throw file.located(error);
  }
}

int check_file(const ConfigOptions& options) {
  const ConfigFile file(options.file);
  check(file);
  Json all = Json::array();
  Table table({{"KEY"}, {"VALUE"}, {"FROM"}});
  for (const auto& setting : file.settings()) {
    const bool known = is_of_a_device(setting.key);
    all.push_back({{"key", setting.key},
                   {"value", setting.value},
                   {"from", setting.origin},
                   {"of", known ? "device" : "program"}});
    table.add({printable(setting.key), printable(setting.value),
               printable(setting.origin) + (known ? "" : ", for the program to judge")});
  }
  print(options.json ? Json{{"settings", all}}.dump() + "\n" : table.take_lines());
  return kDone;
}

}  // namespace

void add_config(CLI::App& app, Action& action) {
  auto* config = app.add_subcommand("config", "what a config file may say, and what one says");
  config->require_subcommand(1);
  const auto options = std::make_shared<ConfigOptions>();

  auto* keys = config->add_subcommand("keys", "print all keys with their meaning");
  keys->add_flag("--json", options->json, "print one JSON object");
  keys->callback([options, &action] { action = [options] { return tell_keys(*options); }; });

  auto* check =
      config->add_subcommand("check", "say whether a device could be made of a file, and of what");
  check->add_option("FILE", options->file, "the file, TOML")->required();
  check->add_flag("--json", options->json, "print one JSON object");
  check->callback([options, &action] { action = [options] { return check_file(*options); }; });
}

}  // namespace holdfast::cli
