// What the sub-commands share: exit codes, errors as one line for a person, and how a sub-command
// joins the program.

#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace holdfast::cli {

/// How the program ends; the same for every sub-command.
enum ExitCode : int {
  kDone = 0,
  kUsage = 2,            ///< the command line, a file, or the configuration
  kIdentityRefused = 3,  ///< the broker proved a key that is not pinned
  kNotReachable = 4,     ///< no connection, or no answer in time
  kRefused = 5,          ///< the broker understood and declined
};

/// Ends the program with a line on stderr: what is wrong, the value, and what mends it.
class CommandError : public std::runtime_error {
 public:
  CommandError(ExitCode code, std::string_view what, std::string_view value, std::string_view mend);

  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// A usage error, the most frequent one.
[[noreturn]] void refuse(std::string_view what, std::string_view value, std::string_view mend);

/// For a number that is not below 0: CLI11 (2.1, 2.4) reads -1 into the largest there is.
std::string why_negative(const std::string& text);

/// One line on stderr that is no error. `command` is for instance "pin".
void note(std::string_view command, std::string_view text);

/// What a sub-command does once its options are read; its result is the exit code.
using Action = std::function<int()>;

/// Each adds one sub-command, whose callback sets `action`.
void add_pin(CLI::App& app, Action& action);
void add_keygen(CLI::App& app, Action& action);
void add_pinset(CLI::App& app, Action& action);
void add_pub(CLI::App& app, Action& action);
void add_sub(CLI::App& app, Action& action);
void add_call(CLI::App& app, Action& action);
void add_decode(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_outbox(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_fleet(CLI::App& app, Action& action);
void add_lab(CLI::App& app, Action& action);
void add_plan(CLI::App& app, Action& action);
void add_trace(CLI::App& app, Action& action);
void add_config(CLI::App& app, Action& action);

}  // namespace holdfast::cli
