// fleet_backend: the other end of a fleet. It takes what devices send, verified and each once,
// keeps it in SQLite, and shows it on a page of this machine.
//
//   fleet_backend --broker … --pin … --pin … --state-dir /var/lib/fleet --db
//   /var/lib/fleet/fleet.db
//
// Exit codes: 0 ended by a signal, 2 usage, configuration or the file, 3 to 5 as the other samples
// where it was never let in.

#include <cstdio>
#include <holdfast/device.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "common/event_log.hpp"
#include "common/service.hpp"
#include "http_server.hpp"
#include "intake.hpp"
#include "page.hpp"
#include "store.hpp"

namespace {

using namespace std::chrono_literals;

// How often what is too old is taken out.
constexpr auto kPrunePeriod = 1h;
// The broker keeps what comes while we are away; a week-end and a holiday.
constexpr auto kSessionExpiry = 7 * 24h;

struct CommandLine {
  sample::Connection connection;
  std::string client_id;
  std::string state_dir;
  std::string database = "fleet.db";
  std::vector<std::string> filters;
  std::uint16_t port = 8480;
  std::uint64_t allowance = 0;
  std::chrono::milliseconds keep = 365 * 24h;
};

bool parse(int argc, char** argv, CommandLine& line, int& exit) {
  CLI::App app("Keeps what a fleet sends, and shows it on a page.", "fleet_backend");
  sample::add_connection_options(app, line.connection);
  app.add_option("--client-id", line.client_id, "unique at the broker; fleet-backend unless told");
  app.add_option("--state-dir", line.state_dir,
                 "what outlives the process: without it the broker keeps nothing for us");
  app.add_option("--db", line.database, "the SQLite file; fleet.db unless told");
  app.add_option("--filter", line.filters,
                 "where devices send to, as often as needed; hf/+/# and truck/+/# unless told")
      ->allow_extra_args(false);
  app.add_option("--http-port", line.port,
                 "of the page, on 127.0.0.1; 8480 unless told, 0: a free one");
  app.add_option("--bytes-per-month", line.allowance, "what each device may take; 0: not told");
  sample::add_duration_option(app, "--keep", line.keep,
                              "readings are taken out after it, 365 days unless told; 0: never");
  if (!sample::parse_command_line(app, argc, argv, exit)) return false;
  sample::take_configured(app, line.connection, "--db", line.database);
  sample::take_configured(app, line.connection, "--keep", line.keep);
  line.connection.file->refuse_unknown();
  line.client_id = sample::client_id_of(line.connection, line.client_id, "fleet-backend");
  if (line.filters.empty()) line.filters = {"hf/+/#", "truck/+/#"};
  return true;
}

holdfast::Options options_of(const CommandLine& line) {
  holdfast::Options options = sample::to_options(line.connection, line.client_id);
  if (!line.state_dir.empty()) options.state_dir = line.state_dir;
  options.session_expiry = std::chrono::duration_cast<std::chrono::seconds>(kSessionExpiry);
  return options;
}

sample::ExitCode exit_code(const sample::EventLog& log) {
  const std::error_code last_error = log.last_error();
  return log.was_connected() || !last_error ? sample::kDone : sample::exit_code(last_error);
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  int exit = sample::kDone;
  if (!parse(argc, argv, line, exit)) return exit;

  fleet::Store written(line.database);
  fleet::Store shown(line.database);
  sample::EventLog log(stdout);
  sample::Service service;
  fleet::Intake intake(written, [&log](const std::string& complaint) {
    log.write(sample::Level::warning, complaint);
  });
  // The store has one thread at a time: the device's handlers', and ours when it is pruned.
  std::mutex store;
  const fleet::HttpServer server(line.port, [&] {
    return fleet::render(
        fleet::look_at(shown, fleet::now_ms(), static_cast<std::int64_t>(line.allowance)));
  });
  holdfast::Device device(options_of(line));
  device.on_event([&](const holdfast::Event& event) {
    log.write(event);
    service.note(event);
  });
  for (const std::string& filter : line.filters) {
    device.subscribe(filter, [&](const holdfast::Message& message) {
      const std::lock_guard lock(store);
      intake.take(message, fleet::now_ms());
    });
  }
  log.write(sample::Level::info, "page: http://127.0.0.1:" + std::to_string(server.port()) + "/");
  device.start();
  sample::Timer prune;
  prune.every(kPrunePeriod);
  while (signals.take() == 0) {
    sample::wait_readable({signals.get(), prune.get(), service.patience(), service.watchdog()});
    {
      // A handler that hangs in the file starves the watchdog as well.
      const std::lock_guard lock(store);
      if (prune.fired() && line.keep != 0ms) written.prune(fleet::now_ms() - line.keep.count());
    }
    service.tend();
  }
  service.stopping("it was told to end");
  device.stop();
  return exit_code(log);
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("fleet_backend", [&] { return run(argc, argv); });
}
