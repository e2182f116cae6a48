// Durable messages: how fast they are stored and drained, what a publish call and a backlog cost,
// and how much of the flash is written; beside Paho's file persistence (which never syncs) and
// libmosquitto (which keeps nothing), in turn in one run.
//
//   holdfast_bench_outbox [--part store|pace|memory|drain|wear] [--rounds N] [--seconds N]
//                         [--rows N]
//
// The state directories are below $TMPDIR: on the disk that is to be measured. Payloads are 100
// bytes. A publisher waits while sixteen commits of its messages have no `on_stored` yet; that is
// not part of the call that is timed. Bytes are those that SQLite hands to the file system, counted
// in front of it; what the file system adds for itself is not among them.

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/harness.hpp"
#include "bench/outbox_jobs.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;
using Runs = std::vector<std::vector<double>>;

class Benchmark {
 public:
  explicit Benchmark(Arguments arguments)
      : arguments_(std::move(arguments)),
        key_(test::self_signed(place_, test::KeyType::p256, "localhost")),
        broker_({.tls = key_, .plain_listener = false, .max_inflight_messages = 100}),
        rounds_(arguments_.number("rounds", 5)) {
    broker_.start();
    arguments_.set("port", std::to_string(broker_.tls_port()));
    arguments_.set("pin", key_.pin);
    arguments_.set("cert", key_.cert_file.string());
  }

  void run() {
    const std::string part = arguments_.text("part");
    const auto wanted = [&part](const char* name) { return part.empty() || part == name; };
    if (wanted("store")) store();
    if (wanted("pace")) pace();
    if (wanted("memory")) memory();
    if (wanted("drain")) drain();
    if (wanted("wear")) wear();
  }

 private:
  struct Row {
    const char* name;
    const char* contender;
    Settings settings;
  };

  std::string fresh_directory() { return test::make_directory_in(place_.path(), "state").string(); }

  std::vector<double> measure(const char* contender, const Settings& settings, std::size_t figures,
                              const std::string& directory) {
    Arguments arguments = arguments_;
    arguments.set("contender", contender);
    arguments.set("dir", directory);
    for (const auto& [name, value] : settings) arguments.set(name, value);
    return arguments.measure_in_child(figures);
  }

  // The medians of each row, of which none is measured twice before the others were once.
  std::vector<std::vector<double>> in_turn(const std::vector<Row>& rows, std::size_t figures) {
    std::vector<Runs> runs(rows.size());
    for (std::size_t round = 0; round < rounds_; ++round) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string directory = fresh_directory();
        runs[i].push_back(measure(rows[i].contender, rows[i].settings, figures, directory));
        std::filesystem::remove_all(directory);
      }
    }
    std::vector<std::vector<double>> figures_of;
    for (const Runs& of_row : runs) figures_of.push_back(medians(of_row));
    return figures_of;
  }

  void store() {
    const std::vector<Row> rows = {
        {"paho, link down", "paho-down", {}},
        {"holdfast, group 256", "store", {{"group", "256"}}},
        {"holdfast, group 32", "store", {{"group", "32"}}},
        {"holdfast, group 1", "store", {{"group", "1"}}},
        {"paho, connected", "paho-up", {}},
        {"libmosquitto", "mosquitto", {}},
        {"the disk: write, fsync", "disk", {}},
    };
    std::printf(
        "Stored as fast as it goes for %s s, medians of %zu runs in turn.\n"
        "Link down: nothing leaves. paho, connected and libmosquitto: QoS 1, delivered over TLS.\n"
        "Only holdfast syncs. The disk: 4 KiB appended, and fsync.\n\n",
        arguments_.text("seconds", "3").c_str(), rounds_);
    std::printf("%-24s %10s %8s %9s %9s %11s %12s %9s\n", "", "messages/s", "ratio", "p50, us",
                "p99, us", "max, us", "bytes/byte", "syncs/s");
    const auto figures = in_turn(rows, kStoreFigures);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& row = figures[i];
      std::printf("%-24s %10.0f %7.2fx %9.1f %9.1f %11.0f", rows[i].name, row[0],
                  row[0] / figures[0][0], row[1], row[2], row[3]);
      if (row[4] > 0) std::printf(" %12.2f %9.0f", row[4], row[5]);
      std::printf("\n");
    }
    std::printf("\n");
  }

  void pace() {
    const std::vector<Row> rows = {
        {"holdfast, durable", "store", {{"pace", "1000"}}},
        {"holdfast, in memory", "store", {{"pace", "1000"}, {"durable", "0"}}},
        {"paho, link down", "paho-down", {{"pace", "1000"}}},
        {"paho, connected", "paho-up", {{"pace", "1000"}}},
        {"libmosquitto", "mosquitto", {{"pace", "1000"}}},
    };
    std::printf("The publish call at 1,000 a second for %s s, medians of %zu runs in turn.\n\n",
                arguments_.text("seconds", "3").c_str(), rounds_);
    std::printf("%-24s %9s %9s %11s %12s\n", "", "p50, us", "p99, us", "max, us", "bytes/byte");
    const auto figures = in_turn(rows, kStoreFigures);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& row = figures[i];
      std::printf("%-24s %9.1f %9.1f %11.0f", rows[i].name, row[1], row[2], row[3]);
      if (row[4] > 0) std::printf(" %12.2f", row[4]);
      std::printf("\n");
    }
    std::printf("\n");
  }

  void memory() {
    std::printf(
        "A backlog: filled in one process, opened in another (median of %zu). Memory is RSS.\n\n"
        "%-10s %12s | %9s %9s %9s %9s | %9s %9s %9s\n",
        rounds_, "rows", "filled, /s", "at first", "full", "most", "log, MiB", "open, ms", "open",
        "most");
    for (const char* rows : {"10000", "100000", "1000000"}) {
      const std::string directory = fresh_directory();
      const auto fill = measure("fill", {{"rows", rows}}, kFillFigures, directory);
      Runs opened;
      for (std::size_t round = 0; round < rounds_; ++round) {
        opened.push_back(measure("open", {}, kOpenFigures, directory));
      }
      const auto open = medians(opened);
      std::filesystem::remove_all(directory);
      std::printf("%-10s %12.0f | %9.1f %9.1f %9.1f %9.1f | %9.1f %9.1f %9.1f\n", rows, fill[0],
                  fill[1], fill[2], fill[3], fill[6], open[0], open[1], open[2]);
    }
    std::printf("\n");
  }

  struct Drained {
    double rate = 0;
    double fill_bytes = 0;  // for each byte of payload
    double drain_bytes = 0;
    double file_mib = 0;
    double log_mib = 0;
    double most_mib = 0;
  };

  Drained fill_and_drain(const Settings& settings, std::size_t rows) {
    const std::string directory = fresh_directory();
    Settings with_rows = settings;
    with_rows.emplace_back("rows", std::to_string(rows));
    const auto fill = measure("fill", with_rows, kFillFigures, directory);
    const auto drain = measure("drain", settings, kDrainFigures, directory);
    std::filesystem::remove_all(directory);
    const double payload = fill[5];
    return {drain[0], fill[4] / payload, drain[1] / payload, drain[3], drain[4], drain[2]};
  }

  double drain_paho(std::size_t rows) {
    const std::string directory = fresh_directory();
    const Settings settings = {{"rows", std::to_string(rows)}};
    measure("paho-down", settings, kStoreFigures, directory);
    const double rate = measure("paho-drain", settings, kDrainFigures, directory)[0];
    std::filesystem::remove_all(directory);
    return rate;
  }

  void drain() {
    const std::size_t rows = arguments_.number("rows", 10'000);
    std::printf(
        "%zu rows stored by one process, delivered by the next at QoS 1 over TLS; medians of %zu "
        "in turn.\n\n%-24s %10s %8s %12s %12s %10s\n",
        rows, rounds_, "", "rows/s", "ratio", "file after", "log, MiB", "most RSS");
    std::vector<double> paho;
    std::map<std::string, std::vector<std::vector<double>>> ours;
    for (std::size_t round = 0; round < rounds_; ++round) {
      paho.push_back(drain_paho(rows));
      for (const char* stream : {"0", "1"}) {
        const Drained drained = fill_and_drain({{"stream", stream}}, rows);
        ours[stream].push_back({drained.rate, drained.file_mib, drained.log_mib, drained.most_mib});
      }
    }
    const double theirs = median(paho);
    std::printf("%-24s %10.0f %7.2fx\n", "paho", theirs, 1.0);
    for (const auto& [stream, name] :
         {std::pair("0", "holdfast, opaque"), std::pair("1", "holdfast, stream")}) {
      const auto figures = medians(ours[stream]);
      std::printf("%-24s %10.0f %7.2fx %12.2f %12.2f %10.1f\n", name, figures[0],
                  figures[0] / theirs, figures[1], figures[2], figures[3]);
    }
    std::printf("\n");
  }

  void wear() {
    std::printf("Bytes written to the file system for each byte of payload.\n\n");
    std::printf("%-36s %8s %8s %8s\n", "stored, delivered by the next start", "storing", "draining",
                "both");
    struct Case {
      const char* name;
      const char* group;
      const char* stream;
      std::size_t rows;
    };
    for (const Case& one :
         {Case{"at_push, group 1", "1", "0", 2'000}, Case{"at_push, group 32", "32", "0", 20'000},
          Case{"at_push, group 256", "256", "0", 20'000},
          Case{"at_push, group 256, a stream", "256", "1", 20'000}}) {
      const Drained drained =
          fill_and_drain({{"group", one.group}, {"stream", one.stream}}, one.rows);
      std::printf("%-36s %8.2f %8.2f %8.2f\n", one.name, drained.fill_bytes, drained.drain_bytes,
                  drained.fill_bytes + drained.drain_bytes);
    }
    std::printf("\n%-36s %8s %8s\n", "delivered at once", "SQLite", "kernel");
    for (const auto& [name, settings] :
         {std::pair<const char*, Settings>("at_push, 1,000 a second",
                                           {{"rows", "5000"}, {"pace", "1000"}}),
          {"at_push, 10 a second, a slow line",
           {{"rows", "50"}, {"pace", "10"}, {"slow-line", "1"}}},
          {"within 30 s, 1,000 a second",
           {{"rows", "5000"}, {"pace", "1000"}, {"within", "30"}}}}) {
      const std::string directory = fresh_directory();
      const auto figures = measure("online", settings, kOnlineFigures, directory);
      std::printf("%-36s %8.2f %8.2f\n", name, figures[0], figures[1]);
    }
    std::printf("\n");
  }

  Arguments arguments_;
  test::TempDir place_;
  test::Identity key_;
  test::Mosquitto broker_;
  std::size_t rounds_;
};

void measure(const Arguments& arguments) {
  const std::map<std::string, void (*)(const Arguments&)> jobs = {
      {"store", store_job},
      {"fill", fill_job},
      {"open", open_job},
      {"drain", drain_job},
      {"online", online_job},
      {"disk", disk_job},
      {"paho-down", [](const Arguments& of) { paho_store_job(of, false); }},
      {"paho-up", [](const Arguments& of) { paho_store_job(of, true); }},
      {"paho-drain", paho_drain_job},
      {"mosquitto", mosquitto_store_job},
  };
  const auto job = jobs.find(arguments.text("contender"));
  if (job == jobs.end()) give_up("unknown contender " + arguments.text("contender"));
  job->second(arguments);
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  const Arguments arguments(
      argc, argv,
      {"part", "contender", "rounds", "seconds", "rows", "dir", "group", "pace", "durable",
       "stream", "within", "slow-line", "port", "pin", "cert"});
  arguments.text("contender").empty() ? Benchmark(arguments).run() : measure(arguments);
}
