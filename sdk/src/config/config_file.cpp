#include <holdfast/config_file.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "config/keys.hpp"
#include "config/sources.hpp"

namespace holdfast {
namespace {

using config::Entries;
using config::Entry;
using config::Key;

constexpr std::string_view kPrefix = "HOLDFAST_";

// "fallback[2].pins": its table, which of them, and the key.
struct Name {
  std::string table;
  std::size_t index = 0;
  std::string key;
};

Name parsed(const std::string& name) {
  const std::size_t dot = name.find('.');
  Name result{.table = name.substr(0, dot), .key = name.substr(dot + 1)};
  if (const std::size_t bracket = result.table.find('['); bracket != std::string::npos) {
    std::from_chars(result.table.data() + bracket + 1, result.table.data() + result.table.size(),
                    result.index);
    result.table.resize(bracket);
  }
  return result;
}

bool is_ours(std::string_view table) {
  const auto keys = config::keys();
  return std::any_of(keys.begin(), keys.end(),
                     [table](const Key& key) { return key.table == table; });
}

const Key* find_key(const Name& name) {
  const auto keys = config::keys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&name](const Key& key) {
    return key.table == name.table && key.name == name.key;
  });
  return found == keys.end() ? nullptr : &*found;
}

std::string keys_of(std::string_view table) {
  std::string names;
  for (const Key& key : config::keys()) {
    if (key.table == table) names.append(names.empty() ? "" : ", ").append(key.name);
  }
  return names;
}

// What is easily written, and belongs elsewhere.
std::string why_unknown(const Name& name) {
  if (name.key == "password" || name.key == "pin") {
    return "a secret does not belong into this file: write it into one that only the device can "
           "read, and name that with " +
           name.key + "_file";
  }
  return "there is no such key; [" + name.table + "] has " + keys_of(name.table);
}

// A key of `Options`, spelt right and with brackets where, and only where, they belong.
void check_name(const std::string& full, const Entry& entry) {
  const Name name = parsed(full);
  if (!is_ours(name.table)) return;
  if (find_key(name) == nullptr) throw ConfigError(entry.place(), "", why_unknown(name));
  const bool repeated = full.find('[') != std::string::npos;
  if (repeated == config::is_repeated(name.table)) return;
  throw ConfigError(entry.place(), "",
                    repeated ? "there can be only one: write [" + name.table + "]"
                             : "there can be several: write [[" + name.table + "]]");
}

// Variables that set a key of `Options` go into `entries`; one that nearly does is an error.
void take_variables(const ConfigFile::Environment& variables, Entries& entries) {
  std::set<std::string> known;
  for (const Key& key : config::keys()) {
    if (config::is_repeated(key.table)) continue;
    const std::string variable = config::variable_of(key.table, key.name);
    known.insert(variable);
    const auto found = variables.find(variable);
    if (found == variables.end()) continue;
    const std::string name = std::string(key.table) + '.' + std::string(key.name);
    entries.insert_or_assign(name, Entry(name, variable, found->second, true));
  }
  for (const auto& [variable, value] : variables) {
    if (known.contains(variable)) continue;
    for (const Key& key : config::keys()) {
      if (!variable.starts_with(config::variable_of(key.table, ""))) continue;
      throw ConfigError(variable, value,
                        "there is no such variable; the keys of " + std::string(key.table) +
                            " are " + keys_of(key.table));
    }
  }
}

}  // namespace

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> all;
  for (const Key& key : config::keys()) {
    const bool repeated = config::is_repeated(key.table);
    all.push_back(
        {.name = std::string(key.table) + (repeated ? "[]." : ".") + std::string(key.name),
         .variable = repeated ? "" : config::variable_of(key.table, key.name),
         .form = std::string(key.form),
         .meaning = std::string(key.meaning)});
  }
  return all;
}

struct ConfigFile::State {
  Entries entries;
  Environment variables;
  std::set<std::string> asked_for;         // "board.every"
  std::set<std::string, std::less<>> own;  // the app's tables

  const Entry* ask(std::string_view table, std::string_view key) {
    const std::string name = std::string(table) + '.' + std::string(key);
    own.emplace(table);
    asked_for.insert(name);
    const auto variable = variables.find(config::variable_of(table, key));
    if (variable != variables.end()) {
      entries.insert_or_assign(name, Entry(name, variable->first, variable->second, true));
    }
    const auto found = entries.find(name);
    return found == entries.end() ? nullptr : &found->second;
  }
};

ConfigFile::Environment ConfigFile::environment() {
  Environment variables;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view variable(*one);
    const std::size_t equals = variable.find('=');
    if (equals == std::string_view::npos || !variable.starts_with(kPrefix)) continue;
    variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return variables;
}

ConfigFile::ConfigFile(const std::filesystem::path& file, Environment variables)
    : state_(std::make_unique<State>()) {
  if (!file.empty()) state_->entries = config::read_toml(file);
  for (const auto& [name, entry] : state_->entries) check_name(name, entry);
  state_->variables = std::move(variables);
  take_variables(state_->variables, state_->entries);
}

ConfigFile::~ConfigFile() = default;
ConfigFile::ConfigFile(ConfigFile&&) noexcept = default;
ConfigFile& ConfigFile::operator=(ConfigFile&&) noexcept = default;

void ConfigFile::apply_to(Options& options) const {
  for (const auto& [full, entry] : state_->entries) {
    const Name name = parsed(full);
    if (const Key* key = find_key(name)) key->set(options, entry, name.index);
  }
}

Options ConfigFile::options() const {
  Options options;
  apply_to(options);
  return options;
}

std::optional<std::string> ConfigFile::text(std::string_view table, std::string_view key) {
  const Entry* entry = state_->ask(table, key);
  return entry == nullptr ? std::nullopt : std::optional(entry->text());
}

std::optional<std::int64_t> ConfigFile::number(std::string_view table, std::string_view key,
                                               std::int64_t least, std::int64_t most) {
  const Entry* entry = state_->ask(table, key);
  return entry == nullptr ? std::nullopt : std::optional(entry->number(least, most));
}

std::optional<bool> ConfigFile::flag(std::string_view table, std::string_view key) {
  const Entry* entry = state_->ask(table, key);
  return entry == nullptr ? std::nullopt : std::optional(entry->flag());
}

std::optional<std::chrono::milliseconds> ConfigFile::duration(std::string_view table,
                                                              std::string_view key,
                                                              std::chrono::milliseconds least,
                                                              std::chrono::milliseconds most) {
  const Entry* entry = state_->ask(table, key);
  if (entry == nullptr) return std::nullopt;
  const auto time = entry->duration();
  if (time < least || time > most) {
    entry->refuse("it must be between " + std::to_string(least.count()) + " ms and " +
                  std::to_string(most.count()) + " ms");
  }
  return time;
}

void ConfigFile::refuse_unknown() const {
  const State& state = *state_;
  for (const auto& [full, entry] : state.entries) {
    const Name name = parsed(full);
    if (is_ours(name.table) || state.asked_for.contains(full)) continue;
    throw ConfigError(entry.place(), "",
                      state.own.contains(name.table)
                          ? "this program has no such key"
                          : "this program has no table [" + name.table + "]");
  }
  for (const auto& [variable, value] : state.variables) {
    for (const std::string& table : state.own) {
      if (!variable.starts_with(config::variable_of(table, ""))) continue;
      const bool asked =
          std::any_of(state.asked_for.begin(), state.asked_for.end(), [&](const std::string& name) {
            const Name one = parsed(name);
            return config::variable_of(one.table, one.key) == variable;
          });
      if (!asked) throw ConfigError(variable, value, "this program has no such key");
    }
  }
}

ConfigError ConfigFile::located(const ConfigError& error) const {
  // "pins[1]" is a part of "pins"; the longest field that fits is the nearest.
  const Entry* nearest = nullptr;
  std::size_t length = 0;
  for (const auto& [full, entry] : state_->entries) {
    const Key* key = find_key(parsed(full));
    if (key == nullptr || !std::string_view(error.field()).starts_with(key->field)) continue;
    const std::string_view rest = std::string_view(error.field()).substr(key->field.size());
    if (!rest.empty() && rest.front() != '[' && rest.front() != '.') continue;
    if (key->field.size() <= length) continue;
    nearest = &entry;
    length = key->field.size();
  }
  if (nearest == nullptr) return error;
  return {nearest->place(), error.value(), error.mend()};
}

std::vector<ConfigFile::Setting> ConfigFile::settings() const {
  std::vector<Setting> all;
  for (const auto& [name, entry] : state_->entries) {
    all.push_back({.key = name, .value = entry.written(), .origin = entry.origin()});
  }
  return all;
}

}  // namespace holdfast
