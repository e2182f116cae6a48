// vehicle: sends where a vehicle is, and an alarm when it crosses a fence, to an MQTT broker over
// one pinned TLS session. Positions come from gpsd.
//
//   vehicle --config /etc/holdfast/vehicle.toml
//   vehicle --broker mqtts://broker.example.com --pin sha256/… --pin sha256/…
//           --state-dir /var/lib/vehicle --fence 48.1370,11.5750,1km
//
// Exit codes: 0 the ignition went off and everything was delivered, 1 some waits in the state
// directory for the next start, 2 usage or configuration; and where no session was ever made: 3 the
// broker's identity was refused, 4 not reachable, 5 refused by the broker.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "vehicle_app.hpp"

namespace {

using namespace std::chrono_literals;

struct CommandLine {
  sample::Connection connection;
  std::string client_id;
  std::string state_dir;
  std::string gpsd = "localhost:2947";
  std::string fence;
  std::string margin;
  std::string ignition_file;
  vehicle::Settings settings;
};

void add_options(CLI::App& app, CommandLine& line) {
  sample::add_connection_options(app, line.connection);
  app.add_option("--client-id", line.client_id, "unique at the broker; vehicle unless told");
  app.add_option("--topic", line.settings.topic,
                 "of the positions; alarms go to TOPIC/alarm. vehicle/CLIENT-ID unless told");
  app.add_option("--state-dir", line.state_dir,
                 "where positions wait that have not arrived; needed, here or in [device]");
  sample::add_duration_option(app, "--every", line.settings.every,
                              "time from position to position, 100ms at least; 10s unless told");
  sample::add_duration_option(app, "--max-delay", line.settings.max_delay,
                              "a position may wait so long for others; 5min unless told");
  app.add_option("--gpsd", line.gpsd, "HOST[:PORT]; localhost:2947 unless told");
  app.add_option("--fence", line.fence,
                 "LAT,LON,RADIUS, as 48.1370,11.5750,500m; none unless told");
  app.add_option("--fence-margin", line.margin,
                 "how far beyond the line counts as crossed; 30m unless told");
  app.add_option("--ignition-file", line.ignition_file,
                 "a file that begins with 0 while the ignition is off; SIGUSR1 says it as well");
  sample::add_duration_option(app, "--drain", line.settings.drain,
                              "how long the supply lasts without ignition; 30s unless told");
}

[[noreturn]] void refuse(const std::string& option, const std::string& value,
                         const std::string& mend) {
  throw CLI::ValidationError(option, "\"" + value + "\" cannot be used; " + mend);
}

// HOST, HOST:PORT or [ADDRESS]:PORT.
void read_gpsd(const std::string& text, vehicle::Settings& settings) {
  const auto bracket = text.rfind(']');
  const auto colon = text.find(':', bracket == text.npos ? 0 : bracket);
  settings.gpsd_host = text.substr(0, colon);
  if (bracket != text.npos && text.front() == '[') settings.gpsd_host = text.substr(1, bracket - 1);
  if (colon != text.npos) settings.gpsd_port = text.substr(colon + 1);
  if (settings.gpsd_host.empty() || settings.gpsd_port.empty()) {
    refuse("--gpsd", text, "write HOST or HOST:PORT, for instance localhost:2947");
  }
}

void read_fence(const CommandLine& line, vehicle::Settings& settings) {
  if (line.fence.empty()) return;
  settings.fence = vehicle::parse_fence(line.fence);
  if (!settings.fence) {
    refuse("--fence", line.fence,
           "write latitude, longitude and a radius of 10m to 1000km, as 48.1370,11.5750,500m");
  }
  if (line.margin.empty()) return;
  const auto margin = vehicle::parse_metres(line.margin);
  if (!margin || *margin >= settings.fence->radius_m) {
    refuse("--fence-margin", line.margin, "write metres below the radius, as 30m");
  }
  settings.fence->margin_m = *margin;
}

// What the command line leaves open may be in the table [vehicle] of the file.
void complete(const CLI::App& app, CommandLine& line) {
  const auto take = [&](const char* option, auto& value) {
    sample::take_configured(app, line.connection, option, value);
  };
  take("--topic", line.settings.topic);
  take("--every", line.settings.every);
  take("--max-delay", line.settings.max_delay);
  take("--gpsd", line.gpsd);
  take("--fence", line.fence);
  take("--fence-margin", line.margin);
  take("--ignition-file", line.ignition_file);
  take("--drain", line.settings.drain);
  line.connection.file->refuse_unknown();
  if (line.settings.every < 100ms) {
    refuse("--every", std::to_string(line.settings.every.count()) + "ms", "choose 100ms or more");
  }
  read_gpsd(line.gpsd, line.settings);
  read_fence(line, line.settings);
  line.settings.ignition_file = line.ignition_file;
  line.client_id = sample::client_id_of(line.connection, line.client_id, "vehicle");
  if (line.settings.topic.empty()) line.settings.topic = "vehicle/" + line.client_id;
}

int run(int argc, char** argv) {
  sample::EndSignals signals({SIGUSR1});
  CommandLine line;
  CLI::App app(
      "Sends where a vehicle is, and when it crosses a fence, to a broker whose key is "
      "pinned.",
      "vehicle");
  add_options(app, line);
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;
  complete(app, line);

  holdfast::Options options = sample::to_options(line.connection, line.client_id);
  if (!line.state_dir.empty()) options.state_dir = line.state_dir;
  if (options.state_dir.empty()) {
    refuse("--state-dir", "", "name a directory for positions that wait, or state_dir in [device]");
  }
  vehicle::VehicleApp vehicle(std::move(options), line.settings);
  return vehicle.run(signals);
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("vehicle", [&] { return run(argc, argv); });
}
