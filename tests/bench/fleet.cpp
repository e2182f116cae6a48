// When do the devices of a fleet come back after their broker was restarted? The session's own
// logic in virtual time, beside clients that try again each second, as many do.
//
//   holdfast_bench_fleet [--devices N] [--down SECONDS]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/harness.hpp"
#include "unit/session/model_broker.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using session::ModelBroker;

constexpr std::size_t kColumns = 24;
constexpr std::size_t kBar = 50;

struct Fleet {
  std::size_t devices;
  std::chrono::seconds down;
};

// Seconds after the broker's return at which each device logged in.
std::vector<double> arrivals(const Fleet& fleet, Errc why) {
  ModelBroker broker;
  for (std::size_t n = 0; n < fleet.devices; ++n) broker.add({}, std::to_string(n), n + 1);
  for (std::size_t n = 0; n < fleet.devices; ++n) broker.start(n);
  broker.run_for(1h);
  const Instant back = broker.now() + fleet.down;
  broker.restart(fleet.down, why);
  broker.run_for(fleet.down + 1h);
  if (broker.online() != fleet.devices) give_up("not all devices came back");
  std::vector<double> seconds;
  for (const Instant at : broker.logins()) {
    if (at >= back) seconds.push_back(std::chrono::duration<double>(at - back).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

void print(const std::string& title, const std::vector<double>& seconds) {
  const double width = std::max(1.0, (seconds.back() + 0.001) / kColumns);
  std::vector<std::size_t> columns(kColumns);
  std::vector<std::size_t> each_second(static_cast<std::size_t>(seconds.back()) + 1);
  for (const double at : seconds) {
    ++columns[std::min(static_cast<std::size_t>(at / width), kColumns - 1)];
    ++each_second[static_cast<std::size_t>(at)];
  }
  const std::size_t most = *std::max_element(columns.begin(), columns.end());
  std::printf("\n%s\n", title.c_str());
  std::printf("half are back after %.0f s, the last after %.0f s; at most %zu in one second\n",
              seconds[seconds.size() / 2], seconds.back(),
              *std::max_element(each_second.begin(), each_second.end()));
  for (std::size_t n = 0; n < kColumns; ++n) {
    const auto from = static_cast<double>(n) * width;
    if (from > seconds.back()) break;
    std::printf("%6.0f s %6zu %s\n", from, columns[n],
                std::string(columns[n] * kBar / most, '#').c_str());
  }
}

}  // namespace

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"devices", "down"});
  const Fleet fleet{arguments.number("devices", 1'000),
                    std::chrono::seconds(arguments.number("down", 60))};
  std::printf("%zu devices, a broker that is away for %lld s\n", fleet.devices,
              static_cast<long long>(fleet.down.count()));
  print("it just goes", arrivals(fleet, Errc::connection_lost));
  print("it says that it shuts down (0x8B)", arrivals(fleet, Errc::server_busy));
  std::printf("\nclients that try again each second: all %zu within the first second\n",
              fleet.devices);
  return 0;
}

}  // namespace holdfast::bench

int main(int argc, char** argv) {
  return holdfast::bench::run(argc, argv);
}
