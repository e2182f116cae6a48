// collector: the server side while a fleet moves. It takes readings by all ways at the same time,
// and makes the same line of each, so that who has moved and who has not end in the same table:
//
//   https 12 1767225630,48.137154,11.576124,18.0,90,78.2      by way, message, and reading
//
//   collector --broker … --pin … --pin … --https-cert FILE --https-key FILE --out FILE
//
// Second copies are dropped where the way has numbers; JSON has none, and a copy shows as one. Exit
// codes: 0 ended by a signal, 2 usage, 3 to 5 as the other samples.

#include <cstdio>
#include <fstream>
#include <holdfast/device.hpp>
#include <holdfast/receiver.hpp>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "channels.hpp"
#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "https_sink.hpp"
#include "reading_generated.h"

namespace {

using holdfast::Arrival;
using migrate::Fix;

struct CommandLine {
  sample::Connection connection;
  std::string certificate;
  std::string key;
  std::string out;
};

// Throws for what is no reading.
Fix from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text);
  return {.time_s = migrate::parse_time(json.at("time").get<std::string>()),
          .lat = json.at("lat").get<double>(),
          .lon = json.at("lon").get<double>(),
          .speed = json.at("speed").get<double>(),
          .heading = json.at("heading").get<double>(),
          .fuel = json.at("fuel").get<double>()};
}

Fix from_table(const Reading& reading) {
  return {.time_s = static_cast<std::int64_t>(reading.time_ms() / 1'000),
          .lat = reading.lat_e7() / 1e7,
          .lon = reading.lon_e7() / 1e7,
          .speed = reading.speed_cm_s() / 100.0,
          .heading = reading.heading_cdeg() / 100.0,
          .fuel = reading.fuel_permille() / 10.0};
}

// What arrived, in one file. Threads: any.
class Book {
 public:
  // Appended to, so that somebody else may empty it meanwhile.
  explicit Book(const std::string& file) : out_(file, std::ios::app) {
    if (!out_) throw std::runtime_error("--out " + file + ": cannot be written");
  }

  void take_json(const std::string& way, std::string_view text) {
    try {
      const Fix fix = from_json(text);
      const std::lock_guard lock(mutex_);
      write(way, ++messages_[way], fix);
    } catch (const nlohmann::json::exception& error) {
      std::fprintf(stderr, "collector: left out what came by %s: %s\n", way.c_str(), error.what());
    }
  }

  void take(const std::string& way, const Fix& fix, const Arrival& arrival) {
    const std::lock_guard lock(mutex_);
    if (!arrival.origin) return;
    if (copies_.see(arrival.topic, *arrival.origin) ==
        holdfast::SequenceTracker::Verdict::duplicate) {
      return;
    }
    write(way, arrival.origin->sequence, fix);
  }

 private:
  void write(const std::string& way, std::uint64_t message, const Fix& fix) {
    out_ << way << ' ' << message << ' ' << migrate::as_line(fix) << std::endl;
  }

  std::mutex mutex_;
  std::ofstream out_;
  std::map<std::string, std::uint64_t> messages_;
  holdfast::SequenceTracker copies_;
};

int run(int argc, char** argv) {
  sample::EndSignals signals;
  CommandLine line;
  CLI::App app("Takes readings by HTTPS, as JSON, as FlatBuffers and as a series.", "collector");
  sample::add_connection_options(app, line.connection);
  app.add_option("--https-cert", line.certificate, "PEM")->required();
  app.add_option("--https-key", line.key, "PEM")->required();
  app.add_option("--out", line.out, "a line for each reading")->required();
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;
  line.connection.file->refuse_unknown();

  Book book(line.out);
  holdfast::Device device(sample::to_options(line.connection, "collector"));
  device.on_event([](const holdfast::Event& event) {
    std::printf("%s %s\n", std::string(holdfast::to_string(event.kind)).c_str(),
                event.detail.c_str());
    std::fflush(stdout);
  });
  device.subscribe("truck/+/json", [&](const holdfast::Message& message) {
    book.take_json("json", holdfast::as_text(message.payload));
  });
  device.on<Reading>("truck/+/r", [&](const Reading& reading, const Arrival& arrival) {
    book.take("flatbuffers", from_table(reading), arrival);
  });
  device.on_series("truck/+/drive", migrate::channels(),
                   [&](const Fix& fix, const holdfast::SeriesTime& time, const Arrival& arrival) {
                     Fix dated = fix;
                     dated.time_s = time.ms / 1'000;
                     book.take("series", dated, arrival);
                   });
  const migrate::HttpsSink sink(line.certificate, line.key,
                                [&](const std::string& body) { book.take_json("https", body); });
  std::printf("https on port %u\n", static_cast<unsigned>(sink.port()));
  std::fflush(stdout);
  device.start();
  while (signals.take() == 0) sample::wait_readable({signals.get()});
  device.stop();
  return sample::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("collector", [&] { return run(argc, argv); });
}
