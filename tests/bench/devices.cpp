// How long do many clients of one process take until each is logged in, all started at once?
// Holdfast beside Paho C++ with its own TLS, whose clients share two threads as well.
//
//   holdfast_bench_devices [--devices N] [--rounds N]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <mqtt/async_client.h>
#include <holdfast/device.hpp>

#include "bench/contenders.hpp"
#include "bench/harness.hpp"
#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kBound = 60s;

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// The milliseconds until each was up, in the order of coming up.
std::vector<double> connect_holdfast(const Target& target, std::size_t count) {
  test::EventLog<double> up;
  std::vector<std::unique_ptr<Device>> devices;
  Clock::time_point start;
  for (std::size_t n = 0; n < count; ++n) {
    devices.push_back(
        std::make_unique<Device>(holdfast_options(target, "bench-" + std::to_string(n))));
    devices.back()->on_event([&](const Event& event) {
      if (event.kind == EventKind::connected) up.append(since(start));
    });
  }
  start = Clock::now();
  for (const auto& device : devices) device->start();
  if (!up.wait_for_count(count, kBound)) give_up("not all devices came up");
  for (const auto& device : devices) device->stop();
  return up.all();
}

std::vector<double> connect_paho(const Target& target, std::size_t count) {
  std::vector<std::unique_ptr<mqtt::async_client>> clients;
  for (std::size_t n = 0; n < count; ++n) {
    clients.push_back(std::make_unique<mqtt::async_client>(
        paho_address(target), "bench-" + std::to_string(n), mqtt::create_options(MQTTVERSION_5)));
  }
  std::vector<mqtt::token_ptr> tokens;
  const auto start = Clock::now();
  for (const auto& client : clients) tokens.push_back(client->connect(paho_options(target)));
  std::vector<double> up;
  for (const auto& token : tokens) {
    if (!token->wait_for(kBound)) give_up("not all clients of Paho came up");
    up.push_back(since(start));
  }
  for (const auto& client : clients) client->disconnect()->wait();
  return up;
}

void measure(const Arguments& arguments) {
  const Target target = target_of(arguments);
  const std::size_t count = arguments.number("devices", 0);
  const auto up = arguments.text("contender") == "paho" ? connect_paho(target, count)
                                                        : connect_holdfast(target, count);
  print_result({median(up), *std::max_element(up.begin(), up.end())});
}

void compare(Arguments arguments) {
  const test::TempDir dir;
  const auto key = test::self_signed(dir, test::KeyType::p256, "localhost");
  test::Mosquitto broker({.tls = key, .plain_listener = false});
  broker.start();
  arguments.set("devices", std::to_string(arguments.number("devices", 20)));
  arguments.set("port", std::to_string(broker.tls_port()));
  arguments.set("pin", key.pin);
  arguments.set("cert", key.cert_file.string());
  const std::size_t rounds = arguments.number("rounds", 5);
  std::map<std::string, std::vector<std::vector<double>>> runs;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const char* contender : {"holdfast", "paho"}) {
      arguments.set("contender", contender);
      runs[contender].push_back(arguments.measure_in_child(2));
    }
  }
  std::printf("%s clients of one process, medians of %zu runs in turn, mosquitto on loopback\n\n",
              arguments.text("devices").c_str(), rounds);
  std::printf("%-10s %16s %16s\n", "client", "half are up, ms", "all are up, ms");
  const auto ours = medians(runs["holdfast"]);
  const auto theirs = medians(runs["paho"]);
  std::printf("%-10s %16.0f %16.0f\n", "holdfast", ours[0], ours[1]);
  std::printf("%-10s %16.0f %16.0f\n", "paho", theirs[0], theirs[1]);
  std::printf("%-10s %15.2fx %15.2fx\n", "ratio", ours[0] / theirs[0], ours[1] / theirs[1]);
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  const Arguments arguments(argc, argv, {"contender", "devices", "rounds", "port", "pin", "cert"});
  arguments.text("contender").empty() ? compare(arguments) : measure(arguments);
}
