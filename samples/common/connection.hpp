// The options on the command line that say how to reach a broker, and the exit codes that say why
// it could not be reached. The board and the viewer share them.

#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <holdfast/error.hpp>
#include <holdfast/options.hpp>
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
  std::string broker;
  std::vector<std::string> pins;
  bool one_pin = false;
  std::string username;
  std::string password_file;
  std::string mqtt = "5";
};

/// Adds --broker, --pin, --one-pin, --username, --password-file and --mqtt.
void add_connection_options(CLI::App& app, Connection& connection);

/// Adds an option that takes a duration (see duration.hpp); `value` holds the default.
void add_duration_option(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                         const std::string& help);

/// Parses the command line; complaints go to stderr. @return false if the program has to end at
/// once with `exit`: after a complaint, and after --help.
bool parse_command_line(CLI::App& app, int argc, char** argv, int& exit);

/// The options of a device that reaches the broker so.
/// @throws std::runtime_error if the password file cannot be read; its text names the mend.
holdfast::Options to_options(const Connection& connection, const std::string& client_id);

/// The exit code for the error that kept a device from its broker; kNotReachable if there is none.
ExitCode exit_code(std::error_code error);

/// Runs a program's body; what it throws becomes a line on stderr that begins with `program`, and
/// kUsage. @return the body's exit code
int run_guarded(const char* program, const std::function<int()>& body);

}  // namespace sample
