// How long do many clients of one process take until each is logged in, all started at once?
// Holdfast beside Paho C++ with its own TLS, whose clients share two threads as well.
//
//   holdfast_bench_devices [--devices N] [--rounds N]
//
// Each measurement is a process of its own, in turn; medians over the rounds.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <mqtt/async_client.h>
#include <holdfast/device.hpp>

#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/process.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kBound = 60s;

struct Arguments {
  std::string contender;  // empty: compare
  std::size_t devices = 20;
  int rounds = 5;
  std::uint16_t port = 0;
  std::string pin;
  std::string certificate;
};

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << why << "\n";
  std::exit(1);
}

// The milliseconds until each was up, in the order of coming up.
std::vector<double> connect_holdfast(const Arguments& arguments) {
  test::EventLog<double> up;
  std::vector<std::unique_ptr<Device>> devices;
  Clock::time_point start;
  for (std::size_t n = 0; n < arguments.devices; ++n) {
    Options options;
    options.broker = "mqtts://127.0.0.1:" + std::to_string(arguments.port);
    options.client_id = "bench-" + std::to_string(n);
    options.pins = {arguments.pin};
    options.pin_count = PinCount::one_is_enough;
    options.session_expiry = 0s;
    devices.push_back(std::make_unique<Device>(std::move(options)));
    devices.back()->on_event([&](const Event& event) {
      if (event.kind == EventKind::connected) up.append(since(start));
    });
  }
  start = Clock::now();
  for (const auto& device : devices) device->start();
  if (!up.wait_for_count(arguments.devices, kBound)) give_up("not all devices came up");
  for (const auto& device : devices) device->stop();
  return up.all();
}

std::vector<double> connect_paho(const Arguments& arguments) {
  mqtt::ssl_options ssl;
  ssl.set_trust_store(arguments.certificate);
  ssl.set_verify(true);
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_clean_start(true);
  options.set_ssl(ssl);
  std::vector<std::unique_ptr<mqtt::async_client>> clients;
  for (std::size_t n = 0; n < arguments.devices; ++n) {
    clients.push_back(std::make_unique<mqtt::async_client>(
        "ssl://localhost:" + std::to_string(arguments.port), "bench-" + std::to_string(n),
        mqtt::create_options(MQTTVERSION_5)));
  }
  std::vector<mqtt::token_ptr> tokens;
  const auto start = Clock::now();
  for (const auto& client : clients) tokens.push_back(client->connect(options));
  std::vector<double> up;
  for (const auto& token : tokens) {
    if (!token->wait_for(kBound)) give_up("not all clients of Paho came up");
    up.push_back(since(start));
  }
  for (const auto& client : clients) client->disconnect()->wait();
  return up;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int measure(const Arguments& arguments) {
  const auto up =
      arguments.contender == "paho" ? connect_paho(arguments) : connect_holdfast(arguments);
  std::printf("result %.3f %.3f\n", median(up), *std::max_element(up.begin(), up.end()));
  return 0;
}

struct Figures {
  double half_up = 0;
  double all_up = 0;
};

Figures run_child(const std::string& contender, const Arguments& arguments) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const auto result = test::run(
      {self, "--contender", contender, "--devices", std::to_string(arguments.devices), "--port",
       std::to_string(arguments.port), "--pin", arguments.pin, "--cert", arguments.certificate},
      120s);
  const auto at = result.output.rfind("result ");
  std::istringstream line(at == std::string::npos ? "" : result.output.substr(at + 7));
  Figures figures;
  if (result.status != 0 || !(line >> figures.half_up >> figures.all_up)) {
    give_up(contender + " failed: " + result.output);
  }
  return figures;
}

int compare(Arguments arguments) {
  const test::TempDir dir;
  const auto key = test::self_signed(dir, test::KeyType::p256, "localhost");
  test::Mosquitto broker({.tls = key, .plain_listener = false});
  broker.start();
  arguments.port = broker.tls_port();
  arguments.pin = key.pin;
  arguments.certificate = key.cert_file.string();
  std::map<std::string, std::vector<double>> half;
  std::map<std::string, std::vector<double>> all;
  for (int round = 0; round < arguments.rounds; ++round) {
    for (const char* contender : {"holdfast", "paho"}) {
      const Figures figures = run_child(contender, arguments);
      half[contender].push_back(figures.half_up);
      all[contender].push_back(figures.all_up);
    }
  }
  std::printf("%zu clients of one process, medians of %d runs in turn, mosquitto on loopback\n\n",
              arguments.devices, arguments.rounds);
  std::printf("%-10s %16s %16s\n", "client", "half are up, ms", "all are up, ms");
  for (const char* contender : {"holdfast", "paho"}) {
    std::printf("%-10s %16.0f %16.0f\n", contender, median(half[contender]),
                median(all[contender]));
  }
  std::printf("%-10s %15.2fx %15.2fx\n", "ratio", median(half["holdfast"]) / median(half["paho"]),
              median(all["holdfast"]) / median(all["paho"]));
  return 0;
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--contender")
      arguments.contender = value;
    else if (name == "--devices")
      arguments.devices = std::stoul(value);
    else if (name == "--rounds")
      arguments.rounds = std::stoi(value);
    else if (name == "--port")
      arguments.port = static_cast<std::uint16_t>(std::stoul(value));
    else if (name == "--pin")
      arguments.pin = value;
    else if (name == "--cert")
      arguments.certificate = value;
    else
      give_up("unknown option " + name + "; see the head of tests/bench/devices.cpp");
  }
  return arguments;
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  const auto arguments = holdfast::bench::parse(argc, argv);
  return arguments.contender.empty() ? holdfast::bench::compare(arguments)
                                     : holdfast::bench::measure(arguments);
}
