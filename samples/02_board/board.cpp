// board: sends what a Linux board tells about itself to an MQTT broker, over one pinned TLS
// session.
//
//   board --broker mqtts://broker.example.com --pin sha256/… --pin sha256/…
//
// Exit codes: 0 every reading was delivered, 2 usage or configuration, 3 the broker's identity was
// refused, 4 not reachable or not in time, 5 refused by the broker.

#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "board_app.hpp"
#include "common/connection.hpp"
#include "common/descriptor.hpp"

namespace {

struct CommandLine {
  sample::Connection connection;
  std::string client_id;
  board::Settings settings;
  long seconds = 0;
  bool status_json = false;
};

std::string host_name() {
  std::array<char, 65> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unnamed";
}

bool parse(int argc, char** argv, CommandLine& line, int& exit) {
  CLI::App app("Sends the readings of this board to an MQTT broker whose key is pinned.", "board");
  sample::add_connection_options(app, line.connection);
  app.add_option("--client-id", line.client_id, "unique at the broker; board-HOSTNAME unless told");
  app.add_option("--topic-prefix", line.settings.topic_prefix,
                 "readings go to PREFIX/r; hf/CLIENT-ID unless told. Every byte is paid for with "
                 "each message");
  sample::add_duration_option(app, "--every", line.settings.every,
                              "time from reading to reading, 10ms at least; 250ms unless told");
  sample::add_duration_option(app, "--max-delay", line.settings.max_delay,
                              "a reading may wait so long for others to share its segment; 1s "
                              "unless told, 0 for none");
  app.add_option("--seconds", line.seconds, "how long to run; 0, the default: until Ctrl-C")
      ->check(CLI::Range(0L, 365L * 24 * 3600));
  app.add_flag("--status-json", line.status_json,
               "a line of JSON twice a second on stdout; events go to stderr then");
  if (!sample::parse_command_line(app, argc, argv, exit)) return false;
  sample::take_configured(app, line.connection, "--topic-prefix", line.settings.topic_prefix);
  sample::take_configured(app, line.connection, "--every", line.settings.every);
  sample::take_configured(app, line.connection, "--max-delay", line.settings.max_delay);
  line.connection.file->refuse_unknown();

  using namespace std::chrono_literals;
  if (line.settings.every < 10ms) {
    std::fprintf(stderr, "board: --every is %lldms: choose 10ms or more\n",
                 static_cast<long long>(line.settings.every.count()));
    exit = sample::kUsage;
    return false;
  }
  line.client_id = sample::client_id_of(line.connection, line.client_id, "board-" + host_name());
  if (line.settings.topic_prefix.empty()) line.settings.topic_prefix = "hf/" + line.client_id;
  line.settings.length = std::chrono::seconds(line.seconds);
  if (line.status_json) line.settings.output = board::Output::status_json;
  return true;
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  int exit = sample::kDone;
  if (!parse(argc, argv, line, exit)) return exit;
  holdfast::Options options = sample::to_options(line.connection, line.client_id);
  // It subscribes to nothing, so there is nothing that the broker should keep for it.
  options.session_expiry = std::chrono::seconds(0);
  board::BoardApp app(std::move(options), line.settings);
  return app.run(signals);
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("board", [&] { return run(argc, argv); });
}
