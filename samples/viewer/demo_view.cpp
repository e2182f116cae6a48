// demo_view: runs the board sample next to itself and shows what arrives at the other side of the
// broker. samples/demo starts it; it also works by hand, with a broker of your own.
//
// Exit codes: 0 every reading arrived, 1 some did not, 2 usage or configuration, 3 the broker's
// identity was refused, 4 not reachable or not in time, 5 refused by the broker, 128 + N ended by
// signal N before the run began.

#include <array>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "view_app.hpp"

namespace {

struct CommandLine {
  sample::Connection connection;
  std::string board;
  std::chrono::milliseconds every{250};
  std::chrono::milliseconds max_delay{1000};
  long seconds = 15;
};

// Demos on the same broker must neither take each other's session nor see each other's readings.
std::string random_name() {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%06x", std::random_device()() & 0xFF'FFFFU);
  return text.data();
}

std::string board_next_to_me() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "board").string();
}

bool parse(int argc, char** argv, CommandLine& line, int& exit) {
  CLI::App app("Runs the board sample and shows what arrives.", "demo_view");
  sample::add_connection_options(app, line.connection);
  sample::add_duration_option(app, "--every", line.every,
                              "time from reading to reading; 250ms unless told");
  sample::add_duration_option(app, "--max-delay", line.max_delay,
                              "a reading may wait so long for others; 1s unless told");
  app.add_option("--seconds", line.seconds, "how long to run; 15 unless told, 0: until Ctrl-C")
      ->check(CLI::Range(0L, 365L * 24 * 3600));
  app.add_option("--board", line.board, "the board program; the one next to this unless told");
  if (!sample::parse_command_line(app, argc, argv, exit)) return false;
  line.connection.file->refuse_unknown();
  if (line.board.empty()) line.board = board_next_to_me();
  return true;
}

std::vector<std::string> board_command(const CommandLine& line, const std::string& name) {
  const sample::Connection& to = line.connection;
  std::vector<std::string> argv{line.board,       "--status-json",
                                "--broker",       to.broker,
                                "--mqtt",         to.mqtt,
                                "--client-id",    "board-" + name,
                                "--topic-prefix", "hf/" + name,
                                "--every",        std::to_string(line.every.count()) + "ms",
                                "--max-delay",    std::to_string(line.max_delay.count()) + "ms"};
  for (const std::string& pin : to.pins) argv.insert(argv.end(), {"--pin", pin});
  if (!to.config.empty()) argv.insert(argv.end(), {"--config", to.config});
  if (to.one_pin) argv.emplace_back("--one-pin");
  if (!to.username.empty()) argv.insert(argv.end(), {"--username", to.username});
  if (!to.password_file.empty()) argv.insert(argv.end(), {"--password-file", to.password_file});
  return argv;
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  int exit = sample::kDone;
  if (!parse(argc, argv, line, exit)) return exit;
  const std::string name = random_name();
  holdfast::Options options = sample::to_options(line.connection, "view-" + name);
  // What the file has of a device's own is the board's.
  options.state_dir.clear();
  options.will.reset();
  options.presence.reset();
  options.budget.reset();
  // Long enough to come back to what was queued, short enough to leave nothing behind.
  options.session_expiry = std::chrono::seconds(60);
  view::ViewApp app(std::move(options), {.topic = "hf/" + name + "/r",
                                         .board = board_command(line, name),
                                         .length = std::chrono::seconds(line.seconds),
                                         .max_delay = line.max_delay});
  return app.run(signals);
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("demo", [&] { return run(argc, argv); });
}
