// commands: switches a GPIO line when somebody who may asks for it over MQTT, once and in time, and
// answers how the line really is.
//
//   commands --config /etc/holdfast/commands.toml
//   commands --broker mqtts://broker.example.com --pin sha256/… --pin sha256/…
//            --state-dir /var/lib/commands --line gpiochip0:17
//
// Exit codes: 0 told to end, 1 an answer could not be delivered any more, 2 usage or configuration
// (the line as well); and where no session was ever made: 3 the broker's identity was refused, 4
// not reachable, 5 refused by the broker.

#include <string>

#include "commands_app.hpp"
#include "common/connection.hpp"
#include "common/descriptor.hpp"

namespace {

using namespace std::chrono_literals;

struct CommandLine {
  sample::Connection connection;
  std::string client_id;
  std::string state_dir;
  commands::Settings settings;
};

void add_options(CLI::App& app, CommandLine& line) {
  sample::add_connection_options(app, line.connection);
  app.add_option("--client-id", line.client_id, "unique at the broker; commands unless told");
  app.add_option("--topic", line.settings.topic,
                 "where commands come on; cmd/CLIENT-ID unless told");
  app.add_option("--state-dir", line.state_dir,
                 "where it is kept which commands were run; needed, here or in [device]");
  app.add_option(
      "--line", line.settings.line,
      "gpiochip0:17, or file:/path where there is no chip; needed, here or in [commands]");
  sample::add_duration_option(app, "--max-pulse", line.settings.max_pulse,
                              "the longest pulse; 10s unless told, 1min at most");
}

void complete(const CLI::App& app, CommandLine& line) {
  sample::take_configured(app, line.connection, "--topic", line.settings.topic);
  sample::take_configured(app, line.connection, "--line", line.settings.line);
  sample::take_configured(app, line.connection, "--max-pulse", line.settings.max_pulse);
  line.connection.file->refuse_unknown();
  line.client_id = sample::client_id_of(line.connection, line.client_id, "commands");
  if (line.settings.topic.empty()) line.settings.topic = "cmd/" + line.client_id;
  if (line.settings.line.empty()) {
    throw CLI::ValidationError("--line", "name one, as gpiochip0:17 or file:/run/pump");
  }
  // Other commands wait as long as a pulse takes.
  if (line.settings.max_pulse > 1min || line.settings.max_pulse == 0ms) {
    throw CLI::ValidationError("--max-pulse", "choose up to 1min");
  }
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  CLI::App app(
      "Switches a line on command, for callers at a broker whose key is pinned; built with " +
          std::string(commands::gpio_library()) + ".",
      "commands");
  add_options(app, line);
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;
  complete(app, line);

  holdfast::Options options = sample::to_options(line.connection, line.client_id);
  if (!line.state_dir.empty()) options.state_dir = line.state_dir;
  if (options.state_dir.empty()) {
    throw CLI::ValidationError("--state-dir",
                               "name a directory, or state_dir in [device]: without one a restart "
                               "forgets which commands were run");
  }
  commands::CommandsApp commands(std::move(options), line.settings);
  return commands.run(signals);
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("commands", [&] { return run(argc, argv); });
}
