// After an outage: time and bytes until the first message is acknowledged, and until none waits any
// more. Holdfast, Paho C++ with automatic reconnect, libmosquitto, each with its own defaults, on
// emulated links with a real broker behind them.
//
//   holdfast_bench_recovery [--outages SECONDS,SECONDS] [--ten-minutes 1] [--kind silence|address]
//                           [--rounds N] [--at-once N] [--data FILE]
//
// Needs root, or user namespaces, and /dev/net/tun. Each outage is a process of its own with a
// network of its own, so clients and rounds wait at the same time. An outage is between 0.9 and 1.1
// times as long as its name says, one length for each round: TCP's retransmissions come at a few
// moments, and a single length would only tell how near one of them is. While there is no link, the
// app publishes a message of 100 bytes each second, in ten minutes each 10 s. Real time; the spread
// of Holdfast's session logic alone comes from virtual time.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/clients/client.hpp"
#include "bench/record.hpp"
#include "bench/recovery/outage.hpp"
#include "bench/recovery/virtual_outage.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using Figures = std::vector<double>;

constexpr std::chrono::seconds kLong = 30s;  // shorter ones are measured a round at a time

std::vector<std::chrono::seconds> outages_of(const Arguments& arguments) {
  std::vector<std::chrono::seconds> lengths;
  std::string list = arguments.text("outages", "5,60");
  std::replace(list.begin(), list.end(), ',', ' ');
  std::istringstream words(list);
  for (int length = 0; words >> length;) lengths.emplace_back(length);
  if (arguments.number("ten-minutes", 0) != 0) lengths.emplace_back(10min);
  return lengths;
}

class Benchmark {
 public:
  Benchmark(Arguments arguments, int argc, char** argv)
      : arguments_(std::move(arguments)),
        record_("recovery", argc, argv),
        rounds_(arguments_.number("rounds", 5)) {}

  void run() {
    std::printf(
        "Medians of %zu, in brackets the shortest and the longest; from the moment the link is "
        "back\n\n| outage | client | first acknowledged, s | bytes | all acknowledged, s | bytes | "
        "bytes during the outage | not arrived, twice |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n",
        rounds_);
    for (const char* kind : {"silence", "address"}) {
      if (arguments_.text("kind", kind) != kind) continue;
      for (const auto lasts : outages_of(arguments_)) measure(kind, lasts);
    }
    simulate();
    record_.write(arguments_.text("data"));
  }

 private:
  Figures one(const std::string& client, const char* kind, std::chrono::seconds lasts,
              std::size_t round) const {
    Arguments arguments = arguments_;
    const auto milliseconds = std::chrono::milliseconds(lasts).count();
    const double share =
        0.9 + 0.2 * (static_cast<double>(round) + 0.5) / static_cast<double>(rounds_);
    arguments.set("job", "outage");
    arguments.set("contender", client);
    arguments.set("kind", kind);
    arguments.set("round", std::to_string(round));
    arguments.set("outage-ms",
                  std::to_string(static_cast<long>(static_cast<double>(milliseconds) * share)));
    arguments.set("period-ms", lasts > 5min ? "10000" : "1000");
    return arguments.measure_in_child(kOutageFigures.size(), 30min);
  }

  void measure(const char* kind, std::chrono::seconds lasts) {
    std::vector<std::vector<Figures>> runs(kClients.size(), std::vector<Figures>(rounds_));
    const std::size_t at_once = lasts < kLong ? 1 : arguments_.number("at-once", rounds_);
    for (std::size_t first = 0; first < rounds_; first += at_once) {
      std::vector<std::thread> threads;
      for (std::size_t round = first; round < std::min(first + at_once, rounds_); ++round) {
        for (std::size_t i = 0; i < kClients.size(); ++i) {
          threads.emplace_back(
              [&, i, round] { runs[i][round] = one(kClients[i], kind, lasts, round); });
        }
      }
      for (std::thread& thread : threads) thread.join();
    }
    for (std::size_t i = 0; i < kClients.size(); ++i) {
      record_.add(
          {{"kind", kind}, {"outage_s", std::to_string(lasts.count())}, {"client", kClients[i]}},
          kOutageFigures, runs[i]);
      print(kind, lasts, kClients[i], runs[i]);
    }
  }

  static void print(const char* kind, std::chrono::seconds lasts, const std::string& client,
                    const std::vector<Figures>& runs) {
    const Figures middle = medians(runs);
    const auto spread = [&runs](std::size_t figure) {
      double least = runs.front()[figure];
      double most = least;
      for (const Figures& run : runs) {
        least = std::min(least, run[figure]);
        most = std::max(most, run[figure]);
      }
      char text[64];
      std::snprintf(text, sizeof text, "(%.2f to %.2f)", least, most);
      return std::string(text);
    };
    std::printf("| %lld s, %s | %s | %.2f %s | %.0f | %.2f %s | %.0f | %.0f | %.0f, %.0f |\n",
                static_cast<long long>(lasts.count()), kind, client.c_str(), middle[0],
                spread(0).c_str(), middle[1], middle[2], spread(2).c_str(), middle[3], middle[4],
                middle[5], middle[6]);
    std::fflush(stdout);
  }

  void simulate() {
    constexpr std::size_t kCount = 2'000;
    std::printf(
        "\nHoldfast's session logic in virtual time, %zu silent outages each: seconds until it has "
        "a connection\n\n| outage | backoff up to | half | 90 %% | all |\n"
        "| --- | --- | --- | --- | --- |\n",
        kCount);
    for (const std::chrono::seconds lasts : {5s, 60s, 600s}) {
      for (const std::chrono::milliseconds cap : {Backoff().cap, std::chrono::milliseconds(1min)}) {
        const auto times = outages(lasts, {.cap = cap}, kCount);
        std::printf("| %lld s | %lld s | %.1f | %.1f | %.1f |\n",
                    static_cast<long long>(lasts.count()),
                    static_cast<long long>(cap.count() / 1'000), times[kCount / 2],
                    times[kCount * 9 / 10], times.back());
        record_.add({{"kind", "virtual"},
                     {"outage_s", std::to_string(lasts.count())},
                     {"backoff_cap_ms", std::to_string(cap.count())}},
                    {"half_s", "nine_of_ten_s", "all_s"},
                    {{times[kCount / 2], times[kCount * 9 / 10], times.back()}});
      }
    }
    std::printf("\n");
  }

  Arguments arguments_;
  Record record_;
  std::size_t rounds_;
};

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  const Arguments arguments(argc, argv,
                            {"outages", "ten-minutes", "kind", "rounds", "at-once", "data", "job",
                             "contender", "round", "outage-ms", "period-ms"});
  if (arguments.text("job").empty()) {
    Benchmark(arguments, argc, argv).run();
  } else {
    run_outage(arguments);
  }
}
