// Throughput, CPU, publish-call latency, memory, size, threads and wake-ups: Holdfast, Paho C++
// with its own TLS and libmosquitto, in turn in one run, with a mosquitto on loopback over TLS 1.3.
//
//   holdfast_bench_speed [--part throughput|latency|readings|memory|size|idle] [--rounds N]
//                        [--messages N] [--bytes N] [--qos N] [--readings N] [--seconds N]
//                        [--idle-seconds N] [--window N] [--data FILE]
//
// Each measurement is a process of its own, figures are medians of the rounds. The clock runs from
// the first publish until the broker has acknowledged the last message; at QoS 0 that last one is
// published at QoS 1, because a broker handles a connection's packets in order. Bytes are IP
// packets with headers, from the kernel's counters of the socket (TCP_INFO), read for all in the
// same way. CPU and memory are those of the client's process. The broker writes no line for a
// packet. $TMPDIR is where the durable readings are kept: on the disk that is to be measured.

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/clients/client.hpp"
#include "bench/record.hpp"
#include "bench/speed/jobs.hpp"
#include "bench/speed/size.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;
using Figures = std::vector<double>;

const std::map<std::string, const Job*> kJobs{{"throughput", &kThroughput},
                                              {"latency", &kLatency},
                                              {"readings", &kReadings},
                                              {"memory", &kMemory},
                                              {"idle", &kIdle}};

struct Row {
  std::string name;
  std::string contender;
  Settings settings{};
};

std::vector<Row> one_row_each(const Settings& settings = {}) {
  std::vector<Row> rows;
  for (const std::string& client : kClients) rows.push_back({client, client, settings});
  return rows;
}

class Benchmark {
 public:
  Benchmark(Arguments arguments, int argc, char** argv)
      : arguments_(std::move(arguments)),
        record_("speed", argc, argv),
        key_(test::self_signed(place_, test::KeyType::p256, "localhost")),
        broker_({.tls = key_,
                 .plain_listener = false,
                 .max_inflight_messages = 100,
                 // Not a line for each packet, which would be a good part of its work.
                 .extra_lines = {"log_type none", "log_type error", "log_type information",
                                 "log_type notice"}}),
        rounds_(arguments_.number("rounds", 5)) {
    broker_.start();
    arguments_.set("port", std::to_string(broker_.tls_port()));
    arguments_.set("pin", key_.pin);
    arguments_.set("cert", key_.cert_file.string());
    arguments_.set("broker-pid", std::to_string(broker_.pid()));
    arguments_.set("track", HOLDFAST_SOURCE_DIR "/tests/data/drive/track.csv");
  }

  void run() {
    const std::string part = arguments_.text("part");
    const auto wanted = [&part](const char* name) { return part.empty() || part == name; };
    if (wanted("throughput")) throughput();
    if (wanted("latency")) latency();
    if (wanted("readings")) readings();
    if (wanted("memory")) memory();
    if (wanted("size")) size();
    if (wanted("idle")) idle();
    record_.write(arguments_.text("data"));
  }

 private:
  Figures measure(const Row& row, const char* job) const {
    Arguments arguments = arguments_;
    arguments.set("job", job);
    arguments.set("contender", row.contender);
    for (const auto& [name, value] : row.settings) arguments.set(name, value);
    return arguments.measure_in_child(kJobs.at(job)->figures.size());
  }

  void note(const char* job, const Row& row, const std::vector<Figures>& runs) {
    Settings what{{"part", job}, {"client", row.name}};
    what.insert(what.end(), row.settings.begin(), row.settings.end());
    record_.add(what, kJobs.at(job)->figures, runs);
  }

  // The medians of each row, of which none is measured twice before the others were once.
  std::vector<Figures> in_turn(const char* job, const std::vector<Row>& rows) {
    std::vector<std::vector<Figures>> runs(rows.size());
    for (std::size_t round = 0; round < rounds_; ++round) {
      for (std::size_t i = 0; i < rows.size(); ++i) runs[i].push_back(measure(rows[i], job));
    }
    std::vector<Figures> middle;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      note(job, rows[i], runs[i]);
      middle.push_back(medians(runs[i]));
    }
    return middle;
  }

  // Those that wait most of the time do so together.
  std::vector<Figures> side_by_side(const char* job, const std::vector<Row>& rows) {
    std::vector<std::vector<Figures>> runs(rows.size(), std::vector<Figures>(rounds_));
    for (std::size_t round = 0; round < rounds_; ++round) {
      std::vector<std::thread> threads;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        threads.emplace_back([&, i] { runs[i][round] = measure(rows[i], job); });
      }
      for (std::thread& thread : threads) thread.join();
    }
    std::vector<Figures> middle;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      note(job, rows[i], runs[i]);
      middle.push_back(medians(runs[i]));
    }
    return middle;
  }

  void throughput() {
    std::printf("Publishing, medians of %zu in turn\n\n", rounds_);
    std::printf(
        "| QoS | bytes | client | messages/s | beside Holdfast | CPU us/message | IP bytes/message "
        "|\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for (const char* qos : {"0", "1"}) {
      if (arguments_.text("qos", qos) != qos) continue;
      for (const std::size_t bytes : {16U, 100U, 1'024U, 4'096U, 16'384U}) {
        if (arguments_.number("bytes", bytes) != bytes) continue;
        // Half a second or so for the fastest; no more than this machine's memory likes.
        const std::size_t fitting = (std::size_t{64} << 20U) / bytes;
        const std::size_t messages =
            arguments_.number("messages", std::min<std::size_t>(50'000, fitting));
        const auto rows = one_row_each({{"qos", qos},
                                        {"bytes", std::to_string(bytes)},
                                        {"messages", std::to_string(messages)}});
        const auto figures = in_turn("throughput", rows);
        for (std::size_t i = 0; i < rows.size(); ++i) {
          std::printf("| %s | %zu | %s | %.0f | %.2f | %.1f | %.1f |\n", qos, bytes,
                      rows[i].name.c_str(), figures[i][0], figures[i][0] / figures[0][0],
                      figures[i][1], figures[i][2]);
        }
        std::fflush(stdout);
      }
    }
    std::printf("\n");
  }

  void latency() {
    std::printf("The publish call at QoS 1, %s bytes, medians of %zu in turn\n\n",
                arguments_.text("bytes", "100").c_str(), rounds_);
    std::printf(
        "| calls | client | p50, us | p99, us | max, us |\n| --- | --- | --- | --- | --- |\n");
    for (const auto& [pace, name] :
         {std::pair("1000", "1,000 a second"), {"0", "as fast as goes"}}) {
      const auto rows = one_row_each({{"pace", pace}});
      const auto figures = in_turn("latency", rows);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        std::printf("| %s | %s | %.1f | %.1f | %.0f |\n", name, rows[i].name.c_str(), figures[i][0],
                    figures[i][1], figures[i][2]);
      }
    }
    std::printf("\n");
  }

  void readings() {
    const std::string count = std::to_string(arguments_.number("readings", 500'000));
    const std::string messages = std::to_string(arguments_.number("messages", 50'000));
    const std::vector<Row> rows{
        {"libmosquitto, a message each", "libmosquitto", {{"messages", messages}}},
        {"Series, in memory", "series", {{"messages", count}}},
        {"Series, durable within 100 ms", "series", {{"messages", count}, {"durable", "100"}}},
        {"Series, durable at push", "series", {{"messages", count}, {"durable", "at-push"}}},
        {"Series, in memory, of 10", "series", {{"messages", count}, {"batch-bytes", "150"}}},
        {"Series, durable at push, of 10",
         "series",
         {{"messages", count}, {"durable", "at-push"}, {"batch-bytes", "150"}}},
    };
    std::printf("Readings at QoS 1, medians of %zu in turn\n\n", rounds_);
    std::printf(
        "| | readings/s | beside libmosquitto | CPU us/reading | beside libmosquitto | IP "
        "bytes/reading | readings/message |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    const auto figures = in_turn("readings", rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Figures& of = figures[i];
      std::printf("| %s | %.0f | %.2f | %.2f | %.2f | %.1f | %.1f |\n", rows[i].name.c_str(), of[0],
                  of[0] / figures[0][0], of[1], of[1] / figures[0][1], of[2], of[3]);
    }
    std::printf("\n");
  }

  void memory() {
    const std::string messages = std::to_string(arguments_.number("messages", 10'000));
    std::printf("Peak RSS in MiB, medians of %zu in turn\n\n", rounds_);
    std::printf(
        "| client | connected | with %s messages of %s bytes that wait |\n| --- | --- | --- |\n",
        messages.c_str(), arguments_.text("bytes", "100").c_str());
    const auto rows = one_row_each({{"messages", messages}});
    const auto figures = in_turn("memory", rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::printf("| %s | %.1f | %.1f |\n", rows[i].name.c_str(), figures[i][0], figures[i][1]);
    }
    std::printf("\n");
  }

  void size() {
    std::printf(
        "The least program, in KiB; without the C library\n\n"
        "| client | program, stripped | shared libraries | C++ runtime | sum | which libraries |\n"
        "| --- | --- | --- | --- | --- | --- |\n");
    for (const std::string& client : kClients) {
      const Size size = size_with(client);
      const double sum = size.program + size.libraries + size.cpp_runtime;
      std::printf("| %s | %.0f | %.0f | %.0f | %.0f | %s |\n", client.c_str(), size.program,
                  size.libraries, size.cpp_runtime, sum, size.names.c_str());
      record_.add({{"part", "size"}, {"client", client}, {"libraries", size.names}},
                  {"program_kib", "libraries_kib", "cpp_runtime_kib", "sum_kib"},
                  {{size.program, size.libraries, size.cpp_runtime, sum}});
    }
    std::printf("\n");
  }

  void idle() {
    std::printf("Connected, and nothing to send: %s s, as an hour; medians of %zu\n\n",
                arguments_.text("idle-seconds", "60").c_str(), rounds_);
    std::printf(
        "| client | threads | wake-ups an hour | CPU s an hour |\n| --- | --- | --- | --- |\n");
    std::vector<Row> rows = one_row_each();
    rows.push_back({"holdfast, subscribed", "holdfast", {{"reachable", "1"}}});
    const auto figures = side_by_side("idle", rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::printf("| %s | %.0f | %.0f | %.2f |\n", rows[i].name.c_str(), figures[i][0],
                  figures[i][1], figures[i][2]);
    }
    std::printf("\n");
  }

  Arguments arguments_;
  Record record_;
  test::TempDir place_;
  test::Identity key_;
  test::Mosquitto broker_;
  std::size_t rounds_;
};

void measure(const Arguments& arguments) {
  const auto job = kJobs.find(arguments.text("job"));
  if (job == kJobs.end()) give_up("unknown job " + arguments.text("job"));
  job->second->run(arguments);
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  const Arguments arguments(
      argc, argv, {"part",    "rounds",       "messages",    "bytes",     "qos",       "readings",
                   "seconds", "idle-seconds", "window",      "data",      "job",       "contender",
                   "pace",    "durable",      "batch-bytes", "max-delay", "reachable", "port",
                   "pin",     "cert",         "broker-pid",  "track"});
  arguments.text("job").empty() ? Benchmark(arguments, argc, argv).run() : measure(arguments);
}
