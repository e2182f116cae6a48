// A device's options in a file (TOML 1.0) and in the environment, for programs that are set up by
// somebody else than their author. Link `holdfast::config` for it; an app that fills `Options` in
// by itself needs neither it nor a TOML parser. docs/guides/config.md has all keys.
//
// Threads: one at a time.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/options.hpp>

namespace holdfast {

/// What a key is and means, for programs that tell their users.
struct ConfigKey {
  std::string name;      ///< "broker.url"; "fallback[].url" for each of several
  std::string variable;  ///< of the environment, "HOLDFAST_BROKER_URL"; empty: there is none
  std::string form;      ///< how a value is written, "\"5min\""
  std::string meaning;
};

/// All keys that set `Options`, in the order of the guide.
std::vector<ConfigKey> config_keys();

/// One file with the variables of the environment that overrule it. What it finds wrong it throws
/// as a `ConfigError`, whose `field()` is "FILE:LINE: TABLE.KEY" (or the variable's name).
///
/// An app may have tables of its own beside those of `Options`: it asks for their keys with `text`,
/// `number`, `flag` and `duration`, and then calls `refuse_unknown`.
class ConfigFile {
 public:
  using Environment = std::map<std::string, std::string>;
  /// The variables of this process whose name begins with "HOLDFAST_".
  static Environment environment();

  /// @param file empty: there is none, and the environment is all
  /// @param variables overrule the file; those of other programs are ignored
  /// @throws ConfigError if the file cannot be read (at most `limits::kMaxConfigBytes`) or is no
  /// TOML, or if a table or a key of `Options` is unknown there, or has a value of another kind
  explicit ConfigFile(const std::filesystem::path& file, Environment variables = environment());
  ~ConfigFile();
  ConfigFile(ConfigFile&&) noexcept;
  ConfigFile& operator=(ConfigFile&&) noexcept;

  /// Sets what file and environment tell, and leaves the rest as it is. Files with secrets are read
  /// here.
  /// @throws ConfigError
  void apply_to(Options& options) const;
  /// The defaults with all of that.
  Options options() const;

  // A key of the app's own; none if neither file nor environment have it. The variable of the
  // environment is HOLDFAST_TABLE_KEY.
  std::optional<std::string> text(std::string_view table, std::string_view key);
  std::optional<std::int64_t> number(std::string_view table, std::string_view key,
                                     std::int64_t least, std::int64_t most);
  std::optional<bool> flag(std::string_view table, std::string_view key);
  std::optional<std::chrono::milliseconds> duration(std::string_view table, std::string_view key,
                                                    std::chrono::milliseconds least,
                                                    std::chrono::milliseconds most);
  /// @throws ConfigError for the first key in an app's table that nobody has asked for: a key with
  /// a slip of the pen would silently have no effect.
  void refuse_unknown() const;

  /// What `Device` says of a field of `Options`, with the line that has set it. Unchanged if none
  /// has.
  ConfigError located(const ConfigError& error) const;

  struct Setting {
    std::string key;
    std::string value;   ///< as it was written; of a file with a secret, its name
    std::string origin;  ///< "board.toml:7", or the variable
  };
  /// All that is set, in the order of the names.
  std::vector<Setting> settings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast
