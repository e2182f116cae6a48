// The options on the command line that say how to reach a broker, and the exit codes that say why
// it could not be reached. The board and the viewer share them.

#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <holdfast/config_file.hpp>
#include <holdfast/error.hpp>
#include <holdfast/options.hpp>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace sample {

/// How a program ends.
enum ExitCode : int {
  kDone = 0,
  kIncomplete = 1,       ///< something that was sent is missing
  kUsage = 2,            ///< the command line or the configuration
  kIdentityRefused = 3,  ///< the broker proved a key that is not pinned
  kNotReachable = 4,     ///< no connection, no TLS, or no answer in time
  kRefused = 5,          ///< the broker understood and declined
};

struct Connection {
  std::string config;
  std::shared_ptr<holdfast::ConfigFile> file;  ///< and the environment; there once all is parsed
  std::string broker;
  std::vector<std::string> pins;
  bool one_pin = false;
  std::string username;
  std::string password_file;
  std::string mqtt;
};

/// Adds --config, --broker, --pin, --one-pin, --username, --password-file and --mqtt.
void add_connection_options(CLI::App& app, Connection& connection);

/// Adds an option that takes a duration (see duration.hpp); `value` holds the default.
void add_duration_option(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                         const std::string& help);

/// What the command line has not said of an option "--max-delay" may stand in the config file as
/// max_delay in the program's own table, and in the environment.
/// @throws holdfast::ConfigError, with the line that is wrong
void take_configured(const CLI::App& app, const Connection& connection, const std::string& option,
                     std::string& value);
void take_configured(const CLI::App& app, const Connection& connection, const std::string& option,
                     std::chrono::milliseconds& value);

/// The name that was typed, or that of the config file, or `otherwise`.
std::string client_id_of(const Connection& connection, const std::string& typed,
                         const std::string& otherwise);

/// Parses the command line; complaints go to stderr. @return false if the program has to end at
/// once with `exit`: after a complaint, and after --help.
bool parse_command_line(CLI::App& app, int argc, char** argv, int& exit);

/// The options of a device that reaches the broker so: those of file and environment, with what the
/// command line says instead.
/// @throws holdfast::ConfigError, with the line that is wrong
holdfast::Options to_options(const Connection& connection, const std::string& client_id);

/// The exit code for the error that kept a device from its broker; kNotReachable if there is none.
ExitCode exit_code(std::error_code error);

/// Runs a program's body; what it throws becomes a line on stderr that begins with `program`, and
/// kUsage. @return the body's exit code
int run_guarded(const char* program, const std::function<int()>& body);

}  // namespace sample
