// drive: sends the positions of a vehicle as a series, stored until they have arrived.
//
//   drive --broker mqtts://broker.example.com --pin sha256/… --pin sha256/… --track track.csv
//         --topic truck/17/drive --state-dir /var/lib/drive
//
// The track stands for the receiver of a real vehicle. Exit codes: 0 every position was delivered,
// 1 some wait in the state directory for the next start, 2 usage, 3 to 5 as the other samples.

#include <cstdio>
#include <holdfast/device.hpp>
#include <string>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "track.hpp"

namespace {

using namespace std::chrono_literals;

// The channels of a position, each as fine as it is worth its bytes.
const holdfast::SeriesOf<drive::Position>& channels() {
  using drive::Position;
  static const holdfast::SeriesOf<Position> declared(
      {.time_resolution = 1s}, {{"lat", &Position::lat, {.resolution = 1e-6, .unit = "deg"}},
                                {"lon", &Position::lon, {.resolution = 1e-6, .unit = "deg"}},
                                {"speed", &Position::speed, {.resolution = 0.1, .unit = "m/s"}},
                                {"heading", &Position::heading, {.resolution = 1, .unit = "deg"}},
                                {"fuel", &Position::fuel, {.resolution = 0.1, .unit = "%"}}});
  return declared;
}

struct CommandLine {
  sample::Connection connection;
  std::string client_id;
  std::string topic;
  std::string state_dir;
  std::string track;
  std::chrono::milliseconds every{5'000};
  std::chrono::milliseconds max_delay{60'000};
};

bool parse(int argc, char** argv, CommandLine& line, int& exit) {
  CLI::App app("Sends the positions of a drive, as a series, to a broker whose key is pinned.",
               "drive");
  sample::add_connection_options(app, line.connection);
  app.add_option("--client-id", line.client_id, "unique at the broker; drive unless told");
  app.add_option("--topic", line.topic, "drive/CLIENT-ID unless told");
  app.add_option("--state-dir", line.state_dir, "where positions wait that have not arrived");
  app.add_option("--track", line.track, "CSV with a line for each position")->required();
  sample::add_duration_option(app, "--every", line.every,
                              "time from position to position; 5s unless told");
  sample::add_duration_option(app, "--max-delay", line.max_delay,
                              "a position may wait so long for others; 1min unless told");
  if (!sample::parse_command_line(app, argc, argv, exit)) return false;
  sample::take_configured(app, line.connection, "--topic", line.topic);
  sample::take_configured(app, line.connection, "--every", line.every);
  sample::take_configured(app, line.connection, "--max-delay", line.max_delay);
  line.connection.file->refuse_unknown();
  line.client_id = sample::client_id_of(line.connection, line.client_id, "drive");
  if (line.topic.empty()) line.topic = "drive/" + line.client_id;
  return true;
}

// Sends the track, or as much of it as there is time for.
void send(const drive::Track& track, holdfast::SeriesStream<drive::Position>& stream,
          std::chrono::milliseconds every, sample::EndSignals& signals) {
  sample::Timer due;
  due.every(std::max(every, 1ms));
  for (const drive::Position& position : track.positions) {
    const holdfast::Receipt receipt = stream.push(position);
    if (!receipt) std::fprintf(stderr, "drive: %s\n", receipt.detail.c_str());
    while (!due.fired()) {
      sample::wait_readable({signals.get(), due.get()});
      if (signals.take() != 0) return;
    }
  }
}

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  int exit = sample::kDone;
  if (!parse(argc, argv, line, exit)) return exit;
  const drive::Track track = drive::read_track(line.track);

  holdfast::Options options = sample::to_options(line.connection, line.client_id);
  if (!line.state_dir.empty()) options.state_dir = line.state_dir;
  const bool stores = !options.state_dir.empty();
  holdfast::Device device(std::move(options));
  std::error_code last_error;
  device.on_event([&last_error](const holdfast::Event& event) {
    if (event.error) last_error = event.error;
    std::fprintf(stderr, "%s %s\n", std::string(holdfast::to_string(event.kind)).c_str(),
                 event.detail.c_str());
  });
  const auto durable =
      stores ? holdfast::Durable::within(line.max_delay + 1min) : holdfast::Durable::never();
  auto positions = device.series(line.topic, channels(),
                                 {.max_delay = line.max_delay, .ttl = 24h * 7, .durable = durable});
  device.start();
  send(track, positions, line.every, signals);

  device.drain(10s);
  const holdfast::StopResult stopped = device.stop();
  const holdfast::Status status = device.status();
  std::printf("%llu positions delivered, %llu kept for the next start, %llu bytes on the wire\n",
              static_cast<unsigned long long>(status.counters.delivered),
              static_cast<unsigned long long>(stopped.kept),
              static_cast<unsigned long long>(status.ledger.ip_bytes()));
  if (stopped.undelivered == 0 && stopped.kept == 0) return sample::kDone;
  if (status.ledger.full_handshakes == 0 && last_error) return sample::exit_code(last_error);
  return sample::kIncomplete;
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("drive", [&] { return run(argc, argv); });
}
